import { EXIT } from '../../core/failure/exit.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { readExisting } from '../adapters/files.ts'
import { type CheckedManifest, checkManifests, readCrds } from '../core/crd.ts'
import { clusterSecretStore, storePlaceOf } from '../core/manifests.ts'
import { readKnown } from './record.ts'

export interface EsoChecked {
  files: { file: string; manifests: CheckedManifest[] }[]
  exitCode: number
}

/**
 * Checks manifests against the CRD of the installed version; without files, the ClusterSecretStore that this castle
 * would get. Failures: castle-data, castle-missing, io.
 */
export async function checkEso(
  crdFile: string,
  files: readonly string[],
  folder: string,
): Promise<Result<EsoChecked>> {
  const crdText = await needed(crdFile)
  if (!crdText.ok) return crdText
  const crds = readCrds(crdText.value)
  if (typeof crds === 'string') return err({ reason: 'castle-data', what: crdFile, why: crds, next: CRD })
  const checked: EsoChecked['files'] = []
  for (const file of files) {
    const text = await needed(file)
    if (!text.ok) return text
    checked.push({ file, manifests: checkManifests(text.value, crds) })
  }
  if (files.length === 0) {
    const own = await ownStore(folder)
    if (!own.ok) return own
    checked.push({ file: '(the store of this castle)', manifests: checkManifests(own.value, crds) })
  }
  if (checked.every(({ manifests }) => manifests.length === 0))
    return err({ reason: 'castle-data', what: files.join(', '), why: 'holds nothing of external-secrets.io' })
  const bad = checked.some(({ manifests }) => manifests.some(({ problems }) => problems.length > 0))
  return ok({ files: checked, exitCode: bad ? EXIT.data : 0 })
}

const CRD = 'kubectl get crd clustersecretstores.external-secrets.io -o yaml > crd.yaml'

async function needed(path: string): Promise<Result<string>> {
  const bytes = await readExisting(path)
  return bytes.ok ? ok(bytes.value.toString('utf8')) : bytes
}

async function ownStore(folder: string): Promise<Result<string>> {
  const known = await readKnown(folder)
  if (!known.ok) return known
  const { topology } = known.value
  const place = storePlaceOf(topology)
  if (!place.ok) return place
  return clusterSecretStore(place.value, {
    version: topology.eso_version,
    namespace: 'external-secrets',
    recursive: false,
  })
}
