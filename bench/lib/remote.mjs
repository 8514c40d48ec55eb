import { InfisicalServer } from '../../test/support/infisical-server/index.ts'
import { must, PASSPHRASE } from '../../test/support/project.ts'

const FOLDERS = ['/', '/terraform', '/apps']

/** A project whose `count` secrets are at an Infisical on loopback, logged in and trusted, with a vault of its own. */
export async function remoteProject(scratch, folder, count) {
  const server = await InfisicalServer.start({ mode: 'current' })
  const { clientId, clientSecret, project } = filled(server, count)
  const yaml = `version: 1
provider: infisical
vault: .tazpod/vault.age
infisical: { project: ${project.id}, environment: prod, paths: [${FOLDERS.join(', ')}] }
secrets:
${Array.from({ length: count }, (_, i) => `- {name: R${i}}`).join('\n')}
`
  scratch.file(`${folder.slice(scratch.home.length + 1)}/tazpod.yaml`, yaml, 0o644)
  const here = { cwd: folder, passphrase: PASSPHRASE }
  await must(scratch, ['vault', 'init'], here)
  const login = ['login', '--host', server.origin, '--client-id', clientId, '--client-secret-fd', '0']
  await must(scratch, login, { ...here, stdin: clientSecret })
  await must(scratch, ['trust', '--yes'], { cwd: folder })
  const roundTrip = () => fetch(`${server.origin}/api/status`).then((answer) => answer.text())
  await roundTrip()
  return { server, roundTrip }
}

function filled(server, count) {
  const { clientId, clientSecret, ...identity } = handle(server.addIdentity())
  const project = server.addProject({ slug: 'bench', environments: ['prod'] })
  project.grant(identity.it)
  for (let i = 0; i < count; i++)
    project.set('prod', FOLDERS[i % FOLDERS.length], `R${i}`, `value ${i} ${'x'.repeat(48)}`)
  return { clientId, clientSecret, project }
}

/** Its properties are getters: a spread would lose them. */
function handle(it) {
  return { it, clientId: it.clientId, clientSecret: it.clientSecret }
}
