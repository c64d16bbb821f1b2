/**
 * Every setting in one table: name, kind, default, sentence. Flags, `LAKEGATE_…` variables, the config file,
 * `lakegate config` and docs/settings.md all come from it or are checked against it.
 */

export interface SettingDefinition {
  readonly kind: 'text' | 'port' | 'whole_number' | 'choice'
  /** Undefined: optional, or computed at start as `fallback` says. */
  readonly default: string | undefined
  /** What happens when it is not set and has no default; for people. */
  readonly fallback?: string
  readonly choices?: readonly string[]
  readonly least?: number
  readonly most?: number
  /** A good value, for error messages; where left out, the default is one. */
  readonly example?: string
  readonly mayBeEmpty?: true
  /** Never shown, and never a flag: arguments are in the process list for everybody to read (behaviour 74). */
  readonly secret?: true
  /** Read again on SIGHUP; everything else needs a restart. */
  readonly reloads?: true
  readonly sentence: string
}

export const SETTINGS = {
  'data-dir': {
    kind: 'text',
    default: undefined,
    fallback: '/var/lib/lakegate for root, otherwise $XDG_DATA_HOME/lakegate or ~/.local/share/lakegate',
    example: '/srv/lakegate',
    sentence: 'Directory of all local state: the embedded system database, local instances, the master key.',
  },
  'http-host': {
    kind: 'text',
    default: '127.0.0.1',
    sentence: 'Address on which REST and OAuth are served, over TLS and in clear on one port.',
  },
  'http-port': {
    kind: 'port',
    default: '8470',
    sentence: 'Port of REST and OAuth; 0 takes any free one.',
  },
  'public-url': {
    kind: 'text',
    default: undefined,
    fallback:
      'http://<http-host>:<http-port>; https:// where http-host is no loopback address and plain-http is loopback',
    example: 'https://lakegate.example.com',
    sentence: 'The URL under which clients reach REST and OAuth; it is part of the issuer of every token.',
  },
  'plain-http': {
    kind: 'choice',
    default: 'loopback',
    choices: ['loopback', 'everywhere'],
    sentence:
      'From where plain HTTP is taken: this machine and the proxies of forwarded-for-from, or everywhere. /healthz and /readyz answer in any case.',
  },
  'http-certificate-file': {
    kind: 'text',
    default: undefined,
    fallback: 'tls-certificate-file, else certificates of Lakegate’s own authority',
    example: '/etc/lakegate/http.pem',
    reloads: true,
    sentence: 'PEM certificate chain of REST and OAuth; goes with http-key-file.',
  },
  'http-key-file': {
    kind: 'text',
    default: undefined,
    fallback: 'tls-key-file, else keys of Lakegate’s own authority',
    example: '/etc/lakegate/http.key',
    reloads: true,
    sentence: 'PEM private key that belongs to http-certificate-file.',
  },
  'gateway-port': {
    kind: 'port',
    default: undefined,
    fallback:
      '5432 on the loopback address of each instance, or any free port as long as another program has that',
    example: '5432',
    sentence: 'Port on which the gateway listens for PostgreSQL clients; 0 takes any free one.',
  },
  'ready-file': {
    kind: 'text',
    default: undefined,
    fallback: 'no file is written',
    example: '/run/lakegate/ready.json',
    sentence: 'File that is written, with mode 0600, when everything is ready, and removed at the stop.',
  },
  'database-url': {
    kind: 'text',
    default: undefined,
    fallback: 'an embedded PostgreSQL in the data directory',
    secret: true,
    example: 'postgres://lakegate@db.example.com/lakegate',
    sentence: 'URL of an external PostgreSQL that serves as the system database.',
  },
  'master-key-file': {
    kind: 'text',
    default: undefined,
    fallback: '<data-dir>/master.key, made at the first start',
    example: '/etc/lakegate/master.key',
    sentence: 'File with the key that encrypts the private keys in the system database.',
  },
  'tls-certificate-file': {
    kind: 'text',
    default: undefined,
    fallback: 'certificates of Lakegate’s own authority',
    example: '/etc/lakegate/gateway.pem',
    reloads: true,
    sentence: 'PEM certificate chain of the gateway, and of REST and OAuth; goes with tls-key-file.',
  },
  'tls-key-file': {
    kind: 'text',
    default: undefined,
    fallback: 'certificates of Lakegate’s own authority',
    example: '/etc/lakegate/gateway.key',
    reloads: true,
    sentence: 'PEM private key that belongs to tls-certificate-file.',
  },
  'postgres-binaries': {
    kind: 'text',
    default: undefined,
    fallback: 'the PostgreSQL 18 binaries that npm installed',
    example: '/usr/lib/postgresql/18',
    sentence: 'Directory that holds bin/postgres and bin/initdb for local instances.',
  },
  extensions: {
    kind: 'text',
    default: 'default',
    example: 'default,pg_partman',
    mayBeEmpty: true,
    sentence:
      'What owners of databases may create in local instances: names of extensions, beginnings with * behind them, and default for the list in extensions.md, with commas between them.',
  },
  'dangerous-extensions': {
    kind: 'text',
    default: undefined,
    fallback: 'none',
    example: 'postgres_fdw',
    sentence:
      'Extensions that reach files, programs, other servers or what belongs to others, and that owners of databases may create all the same.',
  },
  'replication-slot-megabytes': {
    kind: 'whole_number',
    default: '4096',
    least: 64,
    most: 1048576,
    sentence:
      'How much write-ahead log a replication slot of a local instance may keep back; a slot that needs more is lost. Holds from the next start of an instance on.',
  },
  'postgres-account': {
    kind: 'text',
    default: undefined,
    fallback:
      'for root: the account that existing clusters belong to, else lakegate, postgres or nobody, the first that exists; otherwise the account that runs Lakegate',
    example: 'lakegate',
    sentence: 'Operating system account that PostgreSQL runs as when Lakegate is started by root.',
  },
  'admin-user': {
    kind: 'text',
    default: 'admin@lakegate.local',
    sentence: 'User name of the administrator that the first start creates.',
  },
  'first-instance': {
    kind: 'text',
    default: 'dev',
    mayBeEmpty: true,
    sentence: 'Name of the database instance that the first start creates; empty for none.',
  },
  'new-installation': {
    kind: 'choice',
    default: 'allow',
    choices: ['allow', 'refuse'],
    sentence:
      'Whether a start that finds no installation, in an empty data directory or system database, makes a new one; set it to refuse once there is one.',
  },
  'instances-per-workspace': {
    kind: 'whole_number',
    default: '10',
    least: 1,
    most: 100000,
    sentence: 'How many live database instances a workspace may have.',
  },
  'connections-per-instance': {
    kind: 'whole_number',
    default: '1000',
    least: 1,
    most: 10000,
    reloads: true,
    sentence: 'How many client connections one instance takes at a time.',
  },
  'login-deadline-seconds': {
    kind: 'whole_number',
    default: '15',
    least: 1,
    most: 300,
    reloads: true,
    sentence: 'How long a login may take from the first byte to the open session.',
  },
  'logins-per-address': {
    kind: 'whole_number',
    // Hundreds of people behind one address, each with several clients that all connect again after a restart.
    default: '1000',
    least: 1,
    most: 100000,
    reloads: true,
    sentence:
      'How many logins may be under way from one address at a time; people behind one NAT share an address.',
  },
  'failed-logins-per-role': {
    kind: 'whole_number',
    default: '10',
    least: 1,
    most: 1000000,
    reloads: true,
    sentence:
      'How many wrong passwords of one role from one address (of IPv6, one /64) close that pair until failed-login-seconds are over.',
  },
  'failed-logins-per-address': {
    kind: 'whole_number',
    default: '100',
    least: 1,
    most: 1000000,
    reloads: true,
    sentence:
      'From how many wrong passwords on an address is slowed down, by five seconds for each login at most.',
  },
  'failed-login-seconds': {
    kind: 'whole_number',
    default: '60',
    least: 1,
    most: 86400,
    reloads: true,
    sentence: 'How long wrong passwords are counted, from the first one on.',
  },
  'sign-in-provider-issuer': {
    kind: 'text',
    default: undefined,
    fallback: 'none: people sign in with a password',
    example: 'https://login.example.com',
    sentence: 'Issuer of an outside OpenID Connect provider through which people may sign in.',
  },
  'sign-in-provider-name': {
    kind: 'text',
    default: 'your organisation',
    sentence: 'What the sign-in page calls the outside provider.',
  },
  'sign-in-provider-client-id': {
    kind: 'text',
    default: undefined,
    fallback: 'none',
    example: 'lakegate',
    sentence: 'Client id of Lakegate at the outside provider.',
  },
  'sign-in-provider-client-secret-file': {
    kind: 'text',
    default: undefined,
    fallback: 'none',
    example: '/etc/lakegate/provider-secret',
    sentence: 'File with the client secret of Lakegate at the outside provider.',
  },
  'sign-in-provider-user-claim': {
    kind: 'text',
    default: 'email',
    sentence: 'Claim of the outside provider that holds the user name; of email only verified ones count.',
  },
  'private-identity-providers': {
    kind: 'choice',
    default: 'refuse',
    choices: ['refuse', 'allow'],
    sentence:
      'Whether outside identity providers may be at private addresses and speak plain HTTP; public ones over TLS always may.',
  },
  'pooled-endpoint': {
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    sentence: 'Whether every instance has a second address at which sessions share backends.',
  },
  'pool-size': {
    kind: 'whole_number',
    default: '20',
    least: 1,
    most: 10000,
    sentence:
      'How many backends serve the pooled sessions of one identity with the same role, database and startup parameters.',
  },
  'pool-size-per-instance': {
    kind: 'whole_number',
    default: '200',
    least: 1,
    most: 10000,
    sentence: 'How many backends serve all pooled sessions of an instance.',
  },
  'pooled-sessions-per-instance': {
    kind: 'whole_number',
    default: '10000',
    least: 1,
    most: 1000000,
    sentence: 'How many pooled sessions one instance takes at a time.',
  },
  'pool-wait-seconds': {
    kind: 'whole_number',
    default: '60',
    least: 1,
    most: 3600,
    sentence: 'How long a pooled session waits for a backend before it is ended.',
  },
  'pool-idle-seconds': {
    kind: 'whole_number',
    default: '300',
    least: 1,
    most: 86400,
    sentence: 'How long a backend of a pool may be unused before it is closed.',
  },
  'attached-instances': {
    kind: 'choice',
    default: 'account-admins',
    choices: ['account-admins', 'workspace-admins', 'nobody'],
    sentence:
      'Who may attach existing PostgreSQL clusters: Lakegate connects to the hosts that they name, from inside your network.',
  },
  'log-level': {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    reloads: true,
    sentence: 'The least severe level that is logged, as JSON lines on standard error.',
  },
  'gateway-workers': {
    kind: 'whole_number',
    default: undefined,
    fallback: 'the number of cores, at most 8',
    least: 0,
    most: 32,
    example: '4',
    sentence:
      'How many processes serve PostgreSQL clients; 0 serves them in the process that does everything else.',
  },
  'gateway-host': {
    kind: 'text',
    default: undefined,
    fallback: 'a loopback address for each instance; 127.0.0.1 with gateway-domain',
    example: '0.0.0.0,::',
    sentence: 'Addresses on which the gateway listens, IPv4 or IPv6, with commas between them.',
  },
  'gateway-domain': {
    kind: 'text',
    default: undefined,
    fallback: 'instances are told apart by address and port',
    example: 'db.example.com',
    sentence:
      'Domain below which every instance has a host name, so that all share one address and port; clients must send it as the TLS server name.',
  },
  'proxy-protocol-from': {
    kind: 'text',
    default: undefined,
    fallback: 'nobody',
    example: '10.0.0.0/8,fd00::/8',
    reloads: true,
    sentence: 'CIDR ranges of load balancers, whose connections must begin with a PROXY protocol v2 header.',
  },
  'forwarded-for-from': {
    kind: 'text',
    default: undefined,
    fallback: 'nobody',
    example: '127.0.0.1,10.0.0.0/8',
    sentence:
      'CIDR ranges of HTTP proxies, whose X-Forwarded-For header names the client that the limits of signing in count by.',
  },
  'gateway-health-host': {
    kind: 'text',
    default: '127.0.0.1',
    example: '0.0.0.0',
    sentence: 'Address on which a gateway of its own answers /healthz, /readyz and /metrics.',
  },
  'gateway-health-port': {
    kind: 'port',
    default: '8471',
    sentence: 'Port of the same; 0 takes any free one.',
  },
  'drain-notice-seconds': {
    kind: 'whole_number',
    default: '0',
    least: 0,
    most: 3600,
    reloads: true,
    sentence:
      'How long a gateway of its own goes on taking connections after a request to stop, while its /readyz says 503 already, so that balancers take it out first.',
  },
  'drain-seconds': {
    kind: 'whole_number',
    default: '2',
    least: 0,
    most: 86400,
    reloads: true,
    sentence: 'How long sessions may go on after a request to stop, before PostgreSQL ends them with 57P01.',
  },
  'connections-per-role': {
    kind: 'whole_number',
    default: '1000',
    least: 1,
    most: 10000,
    reloads: true,
    sentence: 'How many sessions one role of an instance may have open at a time, at each of its endpoints.',
  },
  'session-idle-seconds': {
    kind: 'whole_number',
    default: '86400',
    least: 0,
    // What idle_session_timeout, a 32-bit number of milliseconds, can hold.
    most: 2147483,
    sentence: 'How long a session may be idle before it is ended; 0 for as long as it likes.',
  },
  'session-lifetime-seconds': {
    kind: 'whole_number',
    default: '259200',
    least: 0,
    most: 31536000,
    reloads: true,
    sentence: 'How long a session may be open before it is ended; 0 for as long as it likes.',
  },
  'audit-required': {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'on'],
    sentence:
      'Whether a login is refused (57P03) when its audit record cannot be written to the system database; otherwise the record is dropped, counted and logged.',
  },
  'audit-retention-days': {
    kind: 'whole_number',
    default: '90',
    least: 0,
    most: 36500,
    sentence: 'How long audit records stay in the system database; 0 for ever.',
  },
  metrics: {
    kind: 'choice',
    default: 'loopback',
    choices: ['off', 'loopback', 'bearer'],
    sentence:
      'Who may read /metrics: nobody, this machine without a proxy in between, or who brings the token of metrics-token-file.',
  },
  'metrics-token-file': {
    kind: 'text',
    default: undefined,
    fallback: 'none',
    example: '/etc/lakegate/metrics-token',
    sentence: 'File with the bearer token for /metrics; goes with metrics=bearer.',
  },
} as const satisfies Record<string, SettingDefinition>

export type SettingName = keyof typeof SETTINGS
export type SecretSettingName = {
  [Name in SettingName]: (typeof SETTINGS)[Name] extends { readonly secret: true } ? Name : never
}[SettingName]
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** `http-port` → `LAKEGATE_HTTP_PORT` */
export const environmentVariableOf = (name: SettingName): string =>
  `LAKEGATE_${name.toUpperCase().replaceAll('-', '_')}`
/** `http-port` → `--http-port` */
export const flagOf = (name: SettingName): string => `--${name}`
