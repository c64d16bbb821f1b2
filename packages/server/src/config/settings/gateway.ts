/** Where PostgreSQL clients connect, and with which certificate they are answered. */
import type { SettingDefinition } from './definition.ts'

export const GATEWAY_SETTINGS = {
  'gateway-host': {
    kind: 'addresses',
    default: undefined,
    fallback: 'a loopback address for each instance; 127.0.0.1 with gateway-domain',
    example: '0.0.0.0,::',
    sentence: 'Addresses on which the gateway listens, IPv4 or IPv6, separated by commas.',
  },
  'gateway-port': {
    kind: 'port',
    default: undefined,
    fallback:
      '5432 on the loopback address of each instance, or any free port while another program uses 5432',
    example: '5432',
    sentence: 'Port on which the gateway listens for PostgreSQL clients; 0 takes any free one.',
  },
  'gateway-domain': {
    kind: 'domain',
    default: undefined,
    fallback: 'instances are told apart by address and port',
    example: 'db.example.com',
    sentence:
      'Domain below which every instance has a host name, so that all share one address and port; clients must send it as the TLS server name.',
  },
  'gateway-workers': {
    kind: 'whole_number',
    default: undefined,
    fallback: 'the number of cores, at most 8',
    least: 0,
    most: 32,
    example: '4',
    sentence:
      'Number of processes that serve PostgreSQL clients; with 0 the main process serves them itself.',
  },
  'gateway-runtime': {
    kind: 'choice',
    default: undefined,
    choices: ['bun', 'node'],
    fallback: '`bun` where npm installed it and it runs, else `node`',
    example: 'node',
    sentence: 'Program that runs the processes of gateway-workers.',
  },
  'tls-certificate-file': {
    kind: 'file',
    default: undefined,
    fallback: 'certificates of Lakegate’s own authority',
    example: '/etc/lakegate/gateway.pem',
    reloads: true,
    sentence: 'PEM certificate chain of the gateway, and of REST and OAuth; goes with tls-key-file.',
  },
  'tls-key-file': {
    kind: 'file',
    default: undefined,
    fallback: 'certificates of Lakegate’s own authority',
    example: '/etc/lakegate/gateway.key',
    reloads: true,
    sentence: 'PEM private key that belongs to tls-certificate-file.',
  },
  'proxy-protocol-from': {
    kind: 'ranges',
    default: undefined,
    fallback: 'nobody',
    example: '10.0.0.0/8,fd00::/8',
    reloads: true,
    sentence: 'CIDR ranges of load balancers, whose connections must begin with a PROXY protocol v2 header.',
  },
  'gateway-health-host': {
    kind: 'host',
    default: '127.0.0.1',
    example: '0.0.0.0',
    sentence:
      'Address on which a gateway of its own (serve --role gateway) answers /healthz, /readyz and /metrics.',
  },
  'gateway-health-port': {
    kind: 'port',
    default: '8471',
    sentence: 'Port of gateway-health-host; 0 takes any free one.',
  },
  'drain-notice-seconds': {
    kind: 'whole_number',
    default: '0',
    least: 0,
    most: 3600,
    reloads: true,
    sentence:
      'How long Lakegate still accepts connections and answers requests after a request to stop, while its /readyz already answers 503, so that load balancers stop using it first. For control planes and gateways of which there are several (serve --role).',
  },
  'drain-seconds': {
    kind: 'whole_number',
    default: '2',
    least: 0,
    most: 86400,
    reloads: true,
    sentence: 'How long sessions may go on after a request to stop, before PostgreSQL ends them with 57P01.',
  },
} as const satisfies Record<string, SettingDefinition>
