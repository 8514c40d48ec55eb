import { createDecipheriv, createHash } from 'node:crypto'
import type { SopsCipher } from '../../core/sops/decrypt.ts'

/** AES-256-GCM and SHA-512 from Node's own OpenSSL. SOPS uses nonces of 32 bytes. */
export const sopsCipher: SopsCipher = {
  open(key, iv, tag, data, aad) {
    try {
      const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
      cipher.setAAD(Buffer.from(aad))
      cipher.setAuthTag(tag)
      return Buffer.concat([cipher.update(data), cipher.final()])
    } catch {
      return undefined
    }
  },
  sha512(pieces) {
    const hash = createHash('sha512')
    for (const piece of pieces) hash.update(piece)
    return hash.digest('hex')
  },
}
