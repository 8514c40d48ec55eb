/**
 * Which environment variables a project file may set. The content of a repository is hostile: a variable that makes
 * a shell, a loader, an interpreter or a tool run code, load a file or talk to another server is refused.
 */

interface Rule {
  names: RegExp
  why: string
}

const LOADER = 'makes every program load foreign code'
const SHELL = 'changes what a shell runs'
const INTERPRETER = 'makes an interpreter load foreign code'
const PROXY = 'redirects network traffic'
const TRUST = 'replaces the certificates that programs trust'
const PROGRAM = 'names a program that tools start'

const REFUSED: readonly Rule[] = [
  { names: /^PATH$/, why: 'decides which program runs' },
  { names: /^(HOME|SHELL|USER|LOGNAME|TMPDIR|PWD|OLDPWD)$/, why: 'belongs to the login session' },
  { names: /^(IFS|ENV|CDPATH|SHELLOPTS|BASHOPTS|GLOBIGNORE|PROMPT_COMMAND|PS[0-4]|BASH_.*)$/, why: SHELL },
  { names: /^(ZDOTDIR|FPATH|HISTFILE|INPUTRC)$/, why: SHELL },
  {
    names:
      /^(LD_.*|DYLD_.*|GLIBC_TUNABLES|MALLOC_.*|GCONV_PATH|LOCPATH|NLSPATH|OPENSSL_(CONF|MODULES|ENGINES))$/,
    why: LOADER,
  },
  { names: /^(NODE_.*|NPM_CONFIG_.*|npm_config_.*)$/, why: INTERPRETER },
  { names: /^PYTHON.*$/, why: INTERPRETER },
  { names: /^(PERL5.*|PERLLIB|PERL_.*|RUBYOPT|RUBYLIB|GEM_(HOME|PATH)|BUNDLE_.*)$/, why: INTERPRETER },
  {
    names: /^(JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|LUA_(PATH|CPATH|INIT).*)$/,
    why: INTERPRETER,
  },
  { names: /^(PHPRC|PHP_INI_SCAN_DIR|GOFLAGS|RUSTC_WRAPPER|MAKEFLAGS)$/, why: INTERPRETER },
  { names: /^GIT_.*$/, why: 'makes git run programs or use another repository' },
  {
    names:
      /^(SSH_ASKPASS|SSH_ASKPASS_REQUIRE|SSH_AUTH_SOCK|SUDO_.*|RSYNC_RSH|SVN_SSH|CVS_RSH|HELM_(BIN|PLUGINS))$/,
    why: PROGRAM,
  },
  {
    names: /^(EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|KUBE_EDITOR|LESS|LESSOPEN|LESSCLOSE|[A-Z_]*_PAGER)$/,
    why: PROGRAM,
  },
  {
    names: /^(TF_CLI_ARGS.*|TF_REATTACH_PROVIDERS|TF_PLUGIN_CACHE_DIR|TF_LOG.*)$/,
    why: 'changes what terraform does',
  },
  {
    names: /^ANSIBLE_(CONFIG|LIBRARY|COLLECTIONS_PATHS?|ROLES_PATH|[A-Z_]*PLUGINS?)$/,
    why: 'makes ansible load foreign code',
  },
  {
    names: /^(DOCKER_HOST|AWS_ENDPOINT_URL.*|INFISICAL_(HOST|DOMAIN|API_URL))$/,
    why: 'sends credentials to another server',
  },
  { names: /^(HTTPS?|ALL|FTP|NO|RSYNC)_PROXY$/i, why: PROXY },
  { names: /^(SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|AWS_CA_BUNDLE|CURL_HOME)$/, why: TRUST },
  { names: /^(RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|RESOLV_HOST_CONF)$/, why: PROXY },
  { names: /^(TERM|TERMCAP|TERMINFO|TERMINFO_DIRS)$/, why: 'belongs to the terminal' },
  { names: /^XDG_.*$/, why: 'moves the folders where programs look for their settings' },
  { names: /^TAZPOD_.*$/, why: 'belongs to tazpod itself' },
]

/** The longest `NAME=value` that execve takes, its final NUL excluded (measured: MAX_ARG_STRLEN is 131,072). */
export const ENV_STRING_BYTES = 131_071

/**
 * Says why a project file may not set the variable `name`, or undefined when it may.
 * The text completes the sentence "NAME …".
 */
export function envNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name)) {
    return 'is not a name of an environment variable (letters, digits and _, not starting with a digit)'
  }
  const rule = REFUSED.find(({ names }) => names.test(name))
  return rule && `may not be set by a project: it ${rule.why}`
}
