import { randomBytes } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

/** A Secret as the API server writes it into etcd: protobuf behind `k8s\0`. */
export function plainSecret(text: string): Buffer {
  return Buffer.concat([Buffer.from('k8s\0\n\x0c\n\x02v1\x12\x06Secret'), Buffer.from(text)])
}

/** The same, sealed as Kubernetes' secretbox transformer does it: prefix, name of the key, nonce, box. */
export function sealedValue(key: Uint8Array, plain: Uint8Array, name = 'key2'): Buffer {
  const nonce = randomBytes(24)
  const box = xsalsa20poly1305(key, nonce).encrypt(plain)
  return Buffer.concat([Buffer.from(`k8s:enc:secretbox:v1:${name}:`), nonce, box])
}
