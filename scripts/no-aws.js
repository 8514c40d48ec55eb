// Stands in for the AWS packages inside the bundle: @infisical/sdk imports them at its top for a login that tazpod does
// not use (360 KB of the 605 KB that the SDK would bring).
const absent = () => {
  throw new Error('the AWS login of the Infisical SDK is not part of tazpod')
}
export const fromNodeProviderChain = absent
export class Sha256 {}
export class HttpRequest {}
export class SignatureV4 {}
