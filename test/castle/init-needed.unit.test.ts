import { beforeAll, expect, test } from 'vitest'
import { hclReader } from '../../src/castle/adapters/hcl.ts'
import type { HclFile } from '../../src/castle/core/hcl.ts'
import { type Initialised, initNeeded } from '../../src/castle/core/init-needed.ts'

let read: (text: string) => HclFile
beforeAll(async () => {
  read = await hclReader()
})

const CODE = `terraform {
  required_providers {
    helm = { source = "hashicorp/helm", version = ">= 2.0, < 4.0.0" }
  }
}
resource "helm_release" "x" {}
`
const LOCK = `provider "mirror.lan/hashicorp/helm" {
  version     = "3.1.0"
  constraints = ">= 2.0.0, < 4.0.0, ~> 3.1"
}
`
const needed = (code: string, change: Partial<Initialised> = {}, lock: string | undefined = LOCK): boolean =>
  initNeeded([read(code).body], {
    backend: true,
    modules: false,
    lock: lock === undefined ? undefined : read(lock).body,
    installed: () => true,
    ...change,
  })

test('what is there is enough', () => {
  expect(needed(CODE)).toBe(false)
  expect(needed('resource "terraform_data" "x" {}', {}, '')).toBe(false)
})

test.each([
  ['the first try failed before the backend was there', () => needed(CODE, { backend: false })],
  [
    'there is no lock file',
    () =>
      initNeeded([read(CODE).body], {
        backend: true,
        modules: false,
        lock: undefined,
        installed: () => true,
      }),
  ],
  ['a provider was not installed', () => needed(CODE, { installed: () => false })],
  ['the code asks for another version', () => needed(CODE.replace('< 4.0.0', '< 5.0.0'))],
  ['the code asks for another provider', () => needed(`${CODE}resource "null_resource" "y" {}\n`)],
  ['a module was never fetched', () => needed(`${CODE}module "m" { source = "./m" }\n`)],
])('init: %s', (_, done) => expect(done()).toBe(true))

test('a module that was fetched needs none', () => {
  expect(needed(`${CODE}module "m" { source = "./m" }\n`, { modules: true })).toBe(false)
})
