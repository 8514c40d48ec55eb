/**
 * What environment variables make programs do. The content of a repository is hostile: a variable that makes a shell, a
 * loader, an interpreter or a tool run code is refused in a project file; one that makes a tool talk to another server or
 * read other settings may be right, and is shown in red before a file is trusted.
 */

/** `run`: starts a program or decides which. `load`: loads code into one. `own`: of the session, not of a project. */
type Refused = 'run' | 'load' | 'own'
/** `connect`: names a server or a certificate. `config`: names where settings, keys or packages come from. */
type Shown = 'connect' | 'config'

interface Rule {
  does: Refused | Shown
  names: RegExp
  why: string
}

const SHELL = 'changes what a shell runs'
const PROGRAM = 'names a program that tools start'
const COMPILER = 'makes a compiler load foreign code'
const LOADER = 'makes every program load foreign code'
const INTERPRETER = 'makes an interpreter load foreign code'
const PACKAGES = 'decides where tools take their code from'
const SERVER = 'sends credentials to another server'

const RULES: readonly Rule[] = [
  { does: 'run', names: /^PATH$/, why: 'decides which program runs' },
  {
    does: 'run',
    names:
      /^(IFS|ENV|CDPATH|SHELLOPTS|BASHOPTS|GLOBIGNORE|PROMPT_COMMAND|PS[0-4]|BASH_.*|ZDOTDIR|FPATH|HISTFILE|INPUTRC)$/,
    why: SHELL,
  },
  { does: 'run', names: /^GIT_.*$/, why: 'makes git run programs or use another repository' },
  {
    does: 'run',
    names: /^(EDITOR|VISUAL|PAGER|BROWSER|LESS|LESSOPEN|LESSCLOSE|MERGE|DIFF|DIFFPROG)$/,
    why: PROGRAM,
  },
  {
    does: 'run',
    names: /^([A-Z_]+_PAGER|MANPAGER|KUBE_EDITOR|SVN_EDITOR|HGEDITOR|SYSTEMD_(EDITOR|LESS))$/,
    why: PROGRAM,
  },
  {
    does: 'run',
    names: /^(SSH_ASKPASS|SSH_ASKPASS_REQUIRE|SSH_SK_PROVIDER|PINENTRY_.*|SUDO_.*)$/,
    why: PROGRAM,
  },
  {
    does: 'run',
    names: /^(RSYNC_RSH|SVN_SSH|CVS_RSH|KUBECTL_.*|KUBERC|HELM_(BIN|PLUGINS|PLUGIN))$/,
    why: PROGRAM,
  },
  {
    does: 'run',
    names: /^(FZF_.*|RIPGREP_CONFIG_PATH|ACK_.*|TAR_OPTIONS|GZIP|XZ_OPT|ZSTD_.*|HG.*PATH)$/,
    why: PROGRAM,
  },
  { does: 'run', names: /^(CC|CXX|CPP|LD|AR|AS|FC|MAKE|PKG_CONFIG|CMAKE_.*_LAUNCHER)$/, why: PROGRAM },
  {
    does: 'run',
    names:
      /^(RUSTC|RUSTDOC|RUSTC_(WORKSPACE_)?WRAPPER|CARGO|CARGO_(BUILD_|TARGET_).*|GOFLAGS|MAKEFLAGS|GNUMAKEFLAGS)$/,
    why: PROGRAM,
  },
  {
    does: 'run',
    names: /^TF_(CLI_ARGS.*|REATTACH_PROVIDERS|PLUGIN_CACHE_DIR|LOG.*|DATA_DIR|WORKSPACE|APPEND_USER_AGENT)$/,
    why: 'changes what terraform does',
  },

  {
    does: 'load',
    names: /^(LD_.*|DYLD_.*|GLIBC_TUNABLES|MALLOC_.*|GCONV_PATH|LOCPATH|NLSPATH)$/,
    why: LOADER,
  },
  {
    does: 'load',
    names: /^(OPENSSL_(CONF|MODULES|ENGINES)|QT_(PLUGIN_PATH|QPA_.*)|GST_PLUGIN_.*)$/,
    why: LOADER,
  },
  { does: 'load', names: /^(GTK_(MODULES|PATH|EXE_PREFIX)|GIO_(MODULE_DIR|EXTRA_MODULES))$/, why: LOADER },
  {
    does: 'load',
    names: /^(CFLAGS|CXXFLAGS|CPPFLAGS|LDFLAGS|RUSTFLAGS|COMPILER_PATH|GCC_EXEC_PREFIX)$/,
    why: COMPILER,
  },
  { does: 'load', names: /^PKG_CONFIG_(PATH|LIBDIR)$/, why: COMPILER },
  {
    does: 'load',
    names: /^(NODE_.*|PYTHON.*|PERL5.*|PERLLIB|PERL_.*|RUBYOPT|RUBYLIB|GEM_(HOME|PATH))$/,
    why: INTERPRETER,
  },
  {
    does: 'load',
    names: /^(JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|JAVA_(HOME|OPTS))$/,
    why: INTERPRETER,
  },
  {
    does: 'load',
    names: /^(MAVEN_(OPTS|ARGS)|GRADLE_OPTS|SBT_OPTS|LUA_(PATH|CPATH|INIT).*|PHPRC|PHP_INI_SCAN_DIR)$/,
    why: INTERPRETER,
  },
  {
    does: 'load',
    names: /^(DOTNET_.*|COMPlus_.*|CORECLR_.*|COR_PROFILER.*|R_HOME|R_PROFILE.*|R_ENVIRON.*|R_LIBS.*)$/,
    why: INTERPRETER,
  },
  {
    does: 'load',
    names: /^(JULIA_.*|ERL_.*FLAGS|ELIXIR_ERL_OPTIONS|DENO_.*|BUN_.*|VIRTUAL_ENV)$/,
    why: INTERPRETER,
  },
  {
    does: 'load',
    names: /^ANSIBLE_(CONFIG|LIBRARY|COLLECTIONS_PATHS?|ROLES_PATH|[A-Z_]*PLUGINS?)$/,
    why: 'makes ansible load foreign code',
  },

  {
    does: 'own',
    names: /^(HOME|SHELL|USER|LOGNAME|TMPDIR|PWD|OLDPWD)$/,
    why: 'belongs to the login session',
  },
  {
    does: 'own',
    names: /^(DBUS_SYSTEM_.*|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|TMUX|STY|PULSE_SERVER)$/,
    why: 'belongs to the login session',
  },
  { does: 'own', names: /^SSH_AUTH_SOCK$/, why: 'belongs to the login session' },
  { does: 'own', names: /^(TERM|TERMCAP|TERMINFO|TERMINFO_DIRS)$/, why: 'belongs to the terminal' },
  { does: 'own', names: /^XDG_.*$/, why: 'moves the folders where programs look for their settings' },
  { does: 'own', names: /^TAZPOD_.*$/, why: 'belongs to tazpod itself' },

  { does: 'connect', names: /^(DOCKER_(HOST|CONTEXT)|CONTAINER_HOST|AWS_ENDPOINT_URL.*)$/, why: SERVER },
  {
    does: 'connect',
    names: /^(KUBERNETES_(MASTER|SERVICE_.*)|VAULT_(ADDR|AGENT_ADDR|PROXY_ADDR))$/,
    why: SERVER,
  },
  { does: 'connect', names: /^(CONSUL_HTTP_ADDR|NOMAD_ADDR|INFISICAL_(HOST|DOMAIN|API_URL))$/, why: SERVER },
  { does: 'connect', names: /^DBUS_(SESSION|STARTER)_.*$/, why: 'connects programs to another session bus' },
  { does: 'connect', names: /^(HTTPS?|ALL|FTP|NO|RSYNC)_PROXY$/i, why: 'redirects network traffic' },
  {
    does: 'connect',
    names: /^(RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|RESOLV_HOST_CONF)$/,
    why: 'redirects network traffic',
  },
  {
    does: 'connect',
    names: /^(SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|AWS_CA_BUNDLE|CURL_HOME)$/,
    why: 'replaces the certificates that programs trust',
  },

  {
    does: 'config',
    names: /^(GNUPGHOME|PASSWORD_STORE_.*|GPG_AGENT_INFO)$/,
    why: 'moves the folder where programs look for their keys',
  },
  {
    does: 'config',
    names: /^(CARGO_HOME|RUSTUP_.*|GOPATH|GOROOT|GOBIN|GOENV|GOTOOLCHAIN|GOPROXY)$/,
    why: PACKAGES,
  },
  {
    does: 'config',
    names: /^(GONOSUMDB|GOSUMDB|GOINSECURE|GOPRIVATE|GRADLE_USER_HOME|BUNDLE_.*|BUNDLER_.*)$/,
    why: PACKAGES,
  },
  {
    does: 'config',
    names: /^(PIP_.*|UV_.*|POETRY_.*|CONDA_.*|NPM_CONFIG_.*|npm_config_.*|YARN_.*|PNPM_.*)$/,
    why: PACKAGES,
  },
  { does: 'config', names: /^(COREPACK_.*|COMPOSER_.*|CPAN_.*)$/, why: PACKAGES },
  {
    does: 'config',
    names: /^HELM_(DATA|CONFIG|CACHE)_HOME$/,
    why: 'moves the folder where helm looks for its plugins',
  },
]

const SHOWN: readonly string[] = ['connect', 'config'] satisfies Shown[]

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
  const rule = ruleOf(name)
  return rule && !SHOWN.includes(rule.does) ? `may not be set by a project: it ${rule.why}` : undefined
}

/** What a variable that a project may set makes programs do, beyond handing a value over. It completes "NAME …". */
export function envNameEffect(name: string): string | undefined {
  const rule = ruleOf(name)
  return rule && SHOWN.includes(rule.does) ? rule.why : undefined
}

function ruleOf(name: string): Rule | undefined {
  return RULES.find(({ names }) => names.test(name))
}
