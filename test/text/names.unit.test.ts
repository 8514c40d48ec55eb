import { describe, expect, it } from 'vitest'
import { envNameEffect, envNameProblem } from '../../src/core/grant/env-name.ts'
import { formatDuration, parseDuration } from '../../src/core/text/duration.ts'
import { lookalikeProblem } from '../../src/core/text/lookalike.ts'
import { nearest } from '../../src/core/text/nearest.ts'
import { isSecretName } from '../../src/core/text/secret-name.ts'

describe('secret names', () => {
  it.each(['A', '_', 'KUBECONFIG_CONTENT', 'a1', 'A'.repeat(128)])('accepts %s', (name) => {
    expect(isSecretName(name)).toBe(true)
  })
  it.each(['', '1A', 'A-B', 'A B', 'A\n', 'A\0', 'Ä', '@identity', '../x', 'A'.repeat(129)])(
    'refuses %j',
    (name) => {
      expect(isSecretName(name)).toBe(false)
    },
  )
})

describe('names that are not what they look like', () => {
  it.each([
    ['t\u0435rraform', 'has letters of two scripts: U+0435 is Cyrillic, others are Latin'],
    ['\u0430ws', 'has letters of two scripts: U+0430 is Cyrillic, others are Latin'],
    ['kubect\u03b9', 'has letters of two scripts: U+03B9 is Greek, others are Latin'],
    ['helm\u200b', 'has the invisible character U+200B'],
    ['he\u00adlm', 'has the invisible character U+00AD'],
    ['a\u202eb', 'has the invisible character U+202E'],
    ['a\ufe0fb', 'has the invisible character U+FE0F'],
    ['a\u00a0b', 'has the invisible character U+00A0'],
  ])('%j %s', (name, why) => expect(lookalikeProblem(name)).toBe(why))
  it.each(['terraform', 'déploiement', 'развертывание', 'k9s', '東京デプロイ', 'a b', 'x-1_2.sh'])(
    '%s is plain',
    (name) => expect(lookalikeProblem(name)).toBeUndefined(),
  )
})

describe('environment names of a project', () => {
  /** What a variable makes programs do, and what follows: refused, shown in red before a file is trusted, or nothing. */
  const TABLE = {
    'refused: runs something': `
      PATH BASH_ENV ENV IFS PROMPT_COMMAND PS4 BASH_FUNC_x ZDOTDIR EDITOR VISUAL PAGER LESSOPEN GIT_SSH_COMMAND GIT_DIR
      SSH_ASKPASS SSH_ASKPASS_REQUIRE KUBECTL_EXTERNAL_DIFF RSYNC_RSH TAR_OPTIONS CC CXX LD AR MAKE RUSTC CARGO
      RUSTC_WRAPPER GOFLAGS MAKEFLAGS TF_CLI_ARGS TF_CLI_ARGS_plan TF_REATTACH_PROVIDERS TF_DATA_DIR TF_WORKSPACE
      HELM_PLUGINS SYSTEMD_PAGER`,
    'refused: loads something': `
      LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES GCONV_PATH LOCPATH GLIBC_TUNABLES OPENSSL_CONF QT_PLUGIN_PATH
      GTK_MODULES CFLAGS LDFLAGS PKG_CONFIG_PATH NODE_OPTIONS PYTHONPATH PYTHONSTARTUP PYTHONHOME PERL5OPT PERL5LIB
      RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS JAVA_HOME MAVEN_OPTS GRADLE_OPTS DOTNET_STARTUP_HOOKS CORECLR_PROFILER R_HOME
      R_PROFILE_USER JULIA_LOAD_PATH ERL_AFLAGS ANSIBLE_CONFIG ANSIBLE_LIBRARY`,
    'refused: belongs to the session': `
      HOME SHELL TMPDIR DISPLAY WAYLAND_DISPLAY SSH_AUTH_SOCK TERM XDG_RUNTIME_DIR XDG_CONFIG_HOME TAZPOD_GHOST`,
    shown: `
      VAULT_ADDR DOCKER_HOST DOCKER_CONTEXT KUBERNETES_SERVICE_HOST CONSUL_HTTP_ADDR AWS_ENDPOINT_URL_S3 http_proxy
      HTTPS_PROXY all_proxy SSL_CERT_FILE DBUS_SESSION_BUS_ADDRESS GNUPGHOME PASSWORD_STORE_DIR CARGO_HOME GOPROXY GOPATH
      PIP_CONFIG_FILE PIP_INDEX_URL UV_INDEX_URL YARN_RC_FILENAME NPM_CONFIG_USERCONFIG`,
    nothing: `
      KUBECONFIG GITHUB_TOKEN TF_VAR_password TF_CLI_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE SOPS_AGE_KEY TALOSCONFIG
      AWS_CONFIG_FILE DOCKER_CONFIG VAULT_TOKEN CARGO_REGISTRY_TOKEN HCLOUD_TOKEN KUBE_CONFIG_PATH
      GOOGLE_APPLICATION_CREDENTIALS ANSIBLE_VAULT_PASSWORD_FILE x`,
  }
  const rows = Object.entries(TABLE).flatMap(([what, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [what, name]),
  )
  it('knows a hundred', () => expect(rows.length).toBeGreaterThanOrEqual(100))
  it.each(rows)('%s: %s', (what, name = '') => {
    const refused = envNameProblem(name)
    if (what?.startsWith('refused')) expect(refused).toMatch(/^may not be set by a project: it /)
    else expect(refused).toBeUndefined()
    expect(envNameEffect(name) !== undefined).toBe(what === 'shown')
  })
  it.each(['', 'a=b', '1A', 'A B', 'A\n', 'A\0B', 'BASH_FUNC_x%%', 'A'.repeat(256)])(
    'refuses the syntax of %j',
    (name) => {
      expect(envNameProblem(name)).toMatch(/not a name/)
    },
  )
})

describe('durations', () => {
  it.each([
    ['30m', 1_800],
    ['12h', 43_200],
    ['1h30m', 5_400],
    ['90s', 90],
    ['2d', 172_800],
  ])('%s is %i seconds, and back', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
    expect(parseDuration(formatDuration(seconds))).toBe(seconds)
  })
  it.each(['', '30', 'm', '1.5h', '-1h', '1w', '1h ', '99999999s'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('the nearest right word', () => {
  const keys = ['version', 'provider', 'secrets', 'binds', 'commands']
  it.each([
    ['secret', 'secrets'],
    ['comands', 'commands'],
    ['rpovider', 'provider'],
    ['SECRETS', 'secrets'],
  ])('%s → %s', (word, right) => expect(nearest(word, keys)).toBe(right))
  it.each(['x', 'nothing', 'a'.repeat(10_000)])('has none for %.10s', (word) =>
    expect(nearest(word, keys)).toBeUndefined(),
  )
})
