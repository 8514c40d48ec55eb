import { join } from 'node:path'
import { filesBelow } from '../../adapters/files/code-files.ts'
import { ignoredOf, inWorkTree } from '../../adapters/files/git.ts'
import { ok, type Result } from '../../core/result.ts'
import { whatIsAt } from '../adapters/files.ts'
import { hclReader } from '../adapters/hcl.ts'
import { changedLines } from '../core/diff.ts'
import type { KnownCastle } from '../core/overlap.ts'
import { copiedFiles, isLocal, leftovers, type OriginalFile } from '../core/scaffold/copy.ts'
import type { ScaffoldFile } from '../core/scaffold/files.ts'
import { isSecretsFile } from '../core/terraform-files.ts'

interface CopiedCastle {
  files: ScaffoldFile[]
  /** How the copy differs from its original, file by file. */
  diff: string[]
  /** Lines that a person should look at. */
  leftovers: string[]
}

/** The files of a copy of `from`. Files with secrets are never read. Failures: io, unsafe-file, too-large. */
export async function copyOf(
  from: KnownCastle,
  to: Pick<KnownCastle, 'record' | 'topology'>,
): Promise<Result<CopiedCastle>> {
  const found = (await filesBelow(from.folder)).map(({ path }) => path).filter((path) => !isLocal(path))
  const ignored = (await inWorkTree(from.folder)) ? await ignoredOf(from.folder, found) : new Set<string>()
  const originals: OriginalFile[] = []
  for (const path of found) {
    if (isSecretsFile(path)) {
      originals.push({ path, content: Buffer.alloc(0) })
      continue
    }
    if (ignored.has(path)) continue
    const there = await whatIsAt(join(from.folder, path))
    if (!there.ok) return there
    const { link, text } = there.value
    originals.push({ path, content: text ?? Buffer.alloc(0), link })
  }
  const files = copiedFiles(originals, from, to, await hclReader())
  const shown = ['terraform.tfvars', 'tazpod.yaml', 'castle.tfbackend']
  const diff = files.flatMap(({ path, content }) => {
    const before = originals.find((one) => one.path === path)?.content.toString('utf8') ?? ''
    const lines = shown.includes(path) ? changedLines(before, content.toString('utf8')) : []
    return lines.length === 0 ? [] : [path, ...lines]
  })
  return ok({ files, diff, leftovers: leftovers(files, from, to) })
}
