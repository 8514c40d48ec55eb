import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  bits,
  type Der,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  taggedBytes,
  time,
  truth,
  utf8,
} from './der.ts'
import type { TlsKind } from './types.ts'

export interface Certificates {
  /** What a client has to trust. */
  ca: string
  certificate: string
  key: string
}

const HOUR = 3_600_000
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

interface Party {
  readonly name: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

function party(name: string): Party {
  return { name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
}

/** A private CA and what it signed for this server, made anew for each server. */
export function makeCertificates(kind: TlsKind): Certificates {
  const ca = party('tazpod test CA')
  // The same name, another key: a client that trusts `ca` has to notice.
  const issuer = kind === 'unknown-ca' ? party(ca.name) : ca
  const leaf = party('tazpod test server')
  const now = Date.now()
  const [from, to] = kind === 'expired' ? [now - 48 * HOUR, now - 24 * HOUR] : [now - HOUR, now + 24 * HOUR]
  const names =
    kind === 'wrong-host'
      ? [dnsName('elsewhere.example')]
      : [dnsName('localhost'), taggedBytes(7, Buffer.from([127, 0, 0, 1]))]
  const year = [now - HOUR, now + 365 * 24 * HOUR] as const
  return {
    ca: certificate(ca, ca, year, [
      extension('2.5.29.19', sequence(truth()), true),
      extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
      keyId(ca),
    ]),
    certificate: certificate(
      leaf,
      issuer,
      [from, to],
      [
        extension('2.5.29.19', sequence(), true),
        extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
        extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
        extension('2.5.29.17', sequence(...names)),
        extension('2.5.29.35', sequence(taggedBytes(0, fingerprint(issuer)))),
        keyId(leaf),
      ],
    ),
    key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function certificate(
  subject: Party,
  issuer: Party,
  [from, to]: readonly [number, number],
  extensions: Der[],
): string {
  const toSign = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    distinguishedName(issuer.name),
    sequence(time(new Date(from)), time(new Date(to))),
    distinguishedName(subject.name),
    publicKeyInfo(subject),
    tagged(3, sequence(...extensions)),
  )
  const signature = sign('sha256', toSign, issuer.privateKey)
  const body = sequence(toSign, ECDSA_SHA256, bits(signature)).toString('base64')
  const lines = body.match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const dnsName = (name: string): Der => taggedBytes(2, Buffer.from(name))

const distinguishedName = (name: string): Der => sequence(set(sequence(oid('2.5.4.3'), utf8(name))))

const publicKeyInfo = ({ publicKey }: Party): Der => publicKey.export({ type: 'spki', format: 'der' })

const fingerprint = (one: Party): Buffer => createHash('sha1').update(publicKeyInfo(one)).digest()

const keyId = (one: Party): Der => extension('2.5.29.14', octets(fingerprint(one)))

function extension(id: string, value: Der, critical = false): Der {
  return critical ? sequence(oid(id), truth(), octets(value)) : sequence(oid(id), octets(value))
}
