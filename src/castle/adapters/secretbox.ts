/**
 * NaCl's secretbox (XSalsa20-Poly1305), which Kubernetes uses for Secrets in etcd and which OpenSSL does not have.
 * Undefined: this key does not open the box, or it was changed. The caller wipes what was opened.
 */
export async function openBox(key: Buffer, nonce: Buffer, box: Buffer): Promise<Buffer | undefined> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js')
  try {
    const plain = xsalsa20poly1305(key, nonce).decrypt(box)
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  } catch {
    return undefined
  }
}
