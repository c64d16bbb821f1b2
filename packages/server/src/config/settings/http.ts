/** REST, OAuth and metrics: where they are served and to whom. */
import type { SettingDefinition } from './definition.ts'

export const HTTP_SETTINGS = {
  'http-host': {
    kind: 'host',
    default: '127.0.0.1',
    sentence: 'Address on which REST and OAuth are served, over TLS and in clear on one port.',
  },
  'http-port': {
    kind: 'port',
    default: '8470',
    sentence: 'Port of REST and OAuth; 0 takes any free one.',
  },
  'public-url': {
    kind: 'origin',
    default: undefined,
    fallback:
      'http://<http-host>:<http-port>; https:// where http-host is not a loopback address and plain-http is loopback',
    example: 'https://lakegate.example.com',
    sentence: 'The URL under which clients reach REST and OAuth; it is part of the issuer of every token.',
  },
  'plain-http': {
    kind: 'choice',
    default: 'loopback',
    choices: ['loopback', 'everywhere'],
    sentence:
      'From where plain HTTP is accepted: this machine and the proxies of forwarded-for-from, or everywhere. /healthz and /readyz always answer.',
  },
  'http-certificate-file': {
    kind: 'file',
    default: undefined,
    fallback: 'tls-certificate-file, else certificates of Lakegate’s own authority',
    example: '/etc/lakegate/http.pem',
    reloads: true,
    sentence: 'PEM certificate chain of REST and OAuth; goes with http-key-file.',
  },
  'http-key-file': {
    kind: 'file',
    default: undefined,
    fallback: 'tls-key-file, else keys of Lakegate’s own authority',
    example: '/etc/lakegate/http.key',
    reloads: true,
    sentence: 'PEM private key that belongs to http-certificate-file.',
  },
  'forwarded-for-from': {
    kind: 'ranges',
    default: undefined,
    fallback: 'nobody',
    example: '127.0.0.1,10.0.0.0/8',
    sentence:
      'CIDR ranges of HTTP proxies, whose X-Forwarded-For header names the client that the limits of signing in count by.',
  },
  metrics: {
    kind: 'choice',
    default: 'loopback',
    choices: ['off', 'loopback', 'bearer'],
    sentence:
      'Who may read /metrics: nobody, this machine without a proxy in between, or whoever sends the token of metrics-token-file.',
  },
  'metrics-token-file': {
    kind: 'file',
    default: undefined,
    fallback: 'none',
    example: '/etc/lakegate/metrics-token',
    sentence: 'File with the bearer token for /metrics; goes with metrics=bearer.',
  },
} as const satisfies Record<string, SettingDefinition>
