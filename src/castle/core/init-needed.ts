import type { HclBody } from './hcl.ts'
import { literal } from './hcl.ts'

/** What `terraform init` left in a folder, as far as it shows whether the next run needs another one. */
export interface Initialised {
  /** Text of `.terraform/terraform.tfstate` is there: the backend was set up. */
  backend: boolean
  /** `.terraform/modules/modules.json` is there. */
  modules: boolean
  /** The body of `.terraform.lock.hcl`; undefined: there is none. */
  lock: HclBody | undefined
  /** Whether `.terraform/providers/ADDRESS/VERSION` is there. */
  installed(address: string, version: string): boolean
}

/**
 * Whether terraform has to be initialised before it can plan: it never was, or a first try failed, or the code asks for
 * a provider, a version or a module that is not there. `code`: the bodies of the folder's `.tf` files. A constraint
 * that terraform would write in another way counts as another one: an `init` too many changes nothing.
 */
export function initNeeded(code: readonly HclBody[], now: Initialised): boolean {
  const wanted = requiredProviders(code)
  if (!now.backend) return true
  if (code.some(({ blocks }) => blocks.some(({ type }) => type === 'module')) && !now.modules) return true
  const locked = (now.lock?.blocks ?? []).map((block) => [block.labels[0] ?? '', block.body] as const)
  for (const [source, constraint] of wanted) {
    const body = locked.find(([address]) => isAddressOf(address, source))?.[1]
    if (body === undefined) return true
    const known = parts(textIn(body, 'constraints')) // those of child modules are among them
    if (!parts(constraint).every((part) => known.includes(part))) return true
  }
  return [...locked].some(([address, body]) => !now.installed(address, textIn(body, 'version')))
}

/** A lock file has whole addresses, `HOST/NAMESPACE/TYPE`; code leaves out the host of the public registry. */
function isAddressOf(address: string, source: string): boolean {
  return address === source || (source.split('/').length === 2 && address.endsWith(`/${source}`))
}

/**
 * The sources of the providers that code asks for (`hashicorp/helm`), with what is asked of their versions. A resource
 * of a type whose provider is not named there is of HashiCorp.
 */
export function requiredProviders(code: readonly HclBody[]): Map<string, string> {
  const found = new Map<string, string>()
  const named = new Set(['terraform'])
  const inside = (body: HclBody, type: string) => body.blocks.filter((block) => block.type === type)
  for (const { body } of code.flatMap((one) => inside(one, 'terraform')))
    for (const { body: required } of inside(body, 'required_providers'))
      for (const { name, value } of required.attributes) {
        named.add(name)
        const about = literal(value)
        if (about === null || typeof about !== 'object') continue
        const { source, version } = about as Record<string, unknown>
        if (typeof source !== 'string' || source === 'terraform.io/builtin/terraform') continue
        found.set(source.toLowerCase(), typeof version === 'string' ? version : '')
      }
  for (const type of ['resource', 'data', 'ephemeral', 'provider'])
    for (const { labels } of code.flatMap((one) => inside(one, type))) {
      const name = labels[0]?.split('_')[0] ?? ''
      if (name !== '' && !named.has(name)) found.set(`hashicorp/${name}`, '')
    }
  return found
}

function textIn(body: HclBody, name: string): string {
  const value = body.attributes.find((one) => one.name === name)?.value
  const text = value && literal(value)
  return typeof text === 'string' ? text : ''
}

/** `>= 1.0, < 2.0` and `< 2.0.0,>=1.0.0` say the same. */
function parts(constraint: string): string[] {
  return constraint
    .split(',')
    .map((part) => part.replace(/\s+/g, '').replace(/^=/, ''))
    .map((part) => (part.startsWith('~>') ? part : part.replace(/(\.0)+$/, '')))
    .filter((part) => part !== '')
}
