/**
 * The Helm chart and the manifests: rendered by Helm, strictly checked against the schemas of Kubernetes, confined as the
 * «restricted» Pod Security Standard wants it, and with settings that Lakegate knows.
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell } from '../stage/document-shell.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { complaintsAboutCluster } from './cloudnative-pg.ts'
import { unknownSettings } from './deployment-settings.ts'
import { compileGoProgram } from './go-program.ts'

const run = promisify(execFile)
const THIS = 'packages/server/test/packaging/kubernetes.test.ts'
const CHART = path.join(REPOSITORY, 'deploy/helm/lakegate')
const MANIFESTS = path.join(REPOSITORY, 'deploy/kubernetes/lakegate.yaml')
const SINGLE = path.join(REPOSITORY, 'deploy/kubernetes/single.yaml')
/** A Helm that was compiled by `go install` does not know for which Kubernetes. */
const KUBERNETES = ['--kube-version', '1.34.0']

const HEADER = `# Lakegate for Kubernetes: docs/deploy/kubernetes.md. This is what the chart of deploy/helm renders with its default values;
# \`UPDATE_DOCS=1 npm run test:packaging\` renders it anew.
`

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec }
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly maxUnavailable?: number
    readonly egress?: readonly { readonly ports: readonly { readonly port: number }[] }[]
  }
  readonly data?: Readonly<Record<string, unknown>>
}
interface PodSpec {
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly containers: readonly (Readonly<Record<string, unknown>> & {
    readonly name: string
    readonly env?: readonly { readonly name: string; readonly value?: string }[]
  })[]
}

const helm = await compileGoProgram('helm', 'helm.sh/helm/v3/cmd/helm@v3.22.0')
const validator = await installPythonClient('kubernetes-validate==1.37.0')
afterAll(async () => {
  await helm.remove()
  await validator.remove()
})

let work: string
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-kubernetes-'))
})
afterAll(() => rm(work, { recursive: true }))

async function render(values: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const file = path.join(work, `values-${crypto.randomUUID()}.json`)
  await writeFile(file, JSON.stringify(values))
  const { stdout } = await run(helm.program, ['template', 'lakegate', CHART, ...KUBERNETES, '--values', file])
  return stdout
}

const resourcesIn = (text: string): readonly Resource[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null)

/** Without what tells from which template it is, and the hash that makes Helm roll out changed settings. */
const asManifests = (rendered: string): string =>
  HEADER +
  rendered.replace(/^# Source: .*\n/gm, '').replace(/^ +annotations:\n +# Changed.*\n +checksum\/.*\n/gm, '')

/** @returns what the schemas of Kubernetes do not permit */
async function judge(text: string): Promise<readonly string[]> {
  const file = path.join(work, `rendered-${crypto.randomUUID()}.yaml`)
  await writeFile(file, text)
  const program = path.join(path.dirname(validator.python), 'kubernetes-validate')
  const { stdout, stderr } = await run(program, ['--strict', file]).catch(
    (error: unknown) => error as { readonly stdout: string; readonly stderr: string },
  )
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  if (!lines.some((line) => line.includes('passed')))
    throw new Error(`nothing was checked:\n${lines.join('\n')}`)
  // The resource of an operator: its schema is our own.
  const clusters = resourcesIn(text).filter(
    ({ apiVersion, kind }) => apiVersion === 'postgresql.cnpg.io/v1' && kind === 'Cluster',
  )
  return [
    ...lines.filter(
      (line) => !/ passed for resource |for kind Cluster with api version postgresql\.cnpg\.io/.test(line),
    ),
    ...clusters.flatMap(complaintsAboutCluster),
  ]
}

const VARIANTS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['its default values', {}],
  [
    'a system database that exists and a certificate of its own',
    {
      systemDatabase: {
        cloudNativePg: { enabled: false },
        external: { existingSecret: 'system-database', port: 6432 },
      },
      tls: { existingSecret: 'lakegate-tls' },
      settings: { LAKEGATE_CONNECTIONS_PER_INSTANCE: 200 },
      imagePullSecrets: [{ name: 'registry' }],
    },
  ],
  [
    'everything said',
    {
      image: { repository: 'registry.example.com/lakegate', tag: '1.2.3' },
      control: { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'database', operator: 'Exists' }] },
      gateway: {
        service: { type: 'ClusterIP', port: 6432, annotations: { a: 'b' } },
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'database', operator: 'Exists' }],
      },
      systemDatabase: {
        cloudNativePg: {
          imageName: 'postgres:18',
          storage: { storageClass: 'fast' },
          resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } },
        },
      },
      networkPolicy: {
        clients: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
        metrics: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      },
    },
  ],
]

describe.skipIf(helm.missing !== undefined)('the chart', () => {
  it('has nothing that Helm complains about', async () => {
    const { stdout } = await run(helm.program, ['lint', '--strict', ...KUBERNETES, CHART])
    expect(stdout).toContain('0 chart(s) failed')
  })

  it.skipIf(validator.missing !== undefined).each(VARIANTS)(
    'renders resources that Kubernetes takes, with %s',
    async (_, values) => {
      expect(await judge(await render(values))).toEqual([])
    },
  )

  it.each([
    ['an address without a scheme', { publicUrl: 'lakegate.example.com' }, /publicUrl/],
    ['a value that does not exist', { gatway: {} }, /gatway/],
    ['a setting that is a secret', { settings: { LAKEGATE_DATABASE_URL: 'x' } }, /invalid propertyName/],
    [
      'no system database at all',
      { systemDatabase: { cloudNativePg: { enabled: false } } },
      /existingSecret/,
    ],
    ['no gateway', { gateway: { replicas: 0 } }, /replicas/],
  ])('refuses %s', async (_, values, words) => {
    await expect(render(values)).rejects.toThrow(words)
  })

  it('lets both halves reach a system database that exists at its port, and attached clusters at theirs', async () => {
    const resources = resourcesIn(
      await render({
        systemDatabase: { cloudNativePg: { enabled: false }, external: { existingSecret: 'x', port: 6432 } },
        networkPolicy: { instancePorts: [5432, 5433] },
      }),
    )
    const portsOf = (name: string) =>
      resources
        .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name)
        .flatMap(({ spec }) => spec?.egress ?? [])
        .map(({ ports }) => ports.map(({ port }) => port))
    expect(portsOf('lakegate-gateway')).toEqual([[53, 53], [5432, 5433], [6432]])
    expect(portsOf('lakegate-control')).toEqual([[53, 53], [5432, 5433, 443], [6432]])
  })

  it('renders the manifests of deploy/kubernetes', async () => {
    const rendered = asManifests(await render())
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(MANIFESTS, rendered)
    expect(readFileSync(MANIFESTS, 'utf8')).toBe(rendered)
  })

  it('has one version, that of the packages', () => {
    const { version } = JSON.parse(
      readFileSync(path.join(REPOSITORY, 'packages/server/package.json'), 'utf8'),
    ) as { readonly version: string }
    const chart = readFileSync(path.join(CHART, 'Chart.yaml'), 'utf8')
    expect(chart).toContain(`\nversion: ${version}\nappVersion: ${version}\n`)
  })
})

describe.each([MANIFESTS, SINGLE])('%s', (file) => {
  const text = readFileSync(file, 'utf8')
  const resources = resourcesIn(text)
  const pods = resources.flatMap(({ metadata, spec }) =>
    spec?.template === undefined ? [] : [{ name: metadata.name, pod: spec.template.spec }],
  )

  it.skipIf(validator.missing !== undefined)('is what Kubernetes takes', async () => {
    expect(await judge(text)).toEqual([])
  })

  it('confines every pod as the restricted Pod Security Standard wants it, and its root file system is read-only', () => {
    expect(pods.length).toBeGreaterThan(0)
    for (const { pod } of pods) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        // Variables of Services would be taken for settings.
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      })
      for (const container of pod.containers)
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          startupProbe: expect.anything() as unknown,
          livenessProbe: expect.anything() as unknown,
          readinessProbe: expect.anything() as unknown,
          resources: { requests: expect.anything() as unknown, limits: expect.anything() as unknown },
        })
    }
  })

  it('gives every pod longer to stop than it drains', () => {
    for (const { name, pod } of pods) {
      const seconds = pod.containers
        .flatMap(({ env = [] }) => env)
        .filter((one) => /^LAKEGATE_DRAIN_(?:NOTICE_)?SECONDS$/.test(one.name))
        .reduce((sum, one) => sum + Number(one.value), 0)
      expect([name, (pod.terminationGracePeriodSeconds ?? 30) >= seconds + 15]).toEqual([name, true])
    }
  })

  it('sets settings that exist', () => {
    expect(unknownSettings(text)).toEqual([])
  })

  it('holds no secret', () => {
    expect(resources.filter(({ kind }) => kind === 'Secret')).toEqual([])
  })
})

describe('the manifests', () => {
  const resources = resourcesIn(readFileSync(MANIFESTS, 'utf8'))
  it('have a budget of disruptions, a network policy, an account and a Service for each half', () => {
    const kindsOf = (name: string) =>
      resources.filter(({ metadata }) => metadata.name === name).map(({ kind }) => kind)
    for (const half of ['lakegate-control', 'lakegate-gateway'])
      expect(kindsOf(half).sort()).toEqual([
        'Deployment',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Service',
        'ServiceAccount',
      ])
  })
})

describe('the pages', () => {
  it.each(['docs/deploy/kubernetes.md', 'docs/deploy/helm.md'])(
    '%s: names files and values that exist',
    async (document) => {
      const checkout = path.join(work, path.basename(document, '.md'))
      await mkdir(checkout)
      const shell = await useShell(checkout)
      const calls = path.join(checkout, 'bin/calls')
      const piped = path.join(checkout, 'bin/piped')
      for (const program of ['kubectl', 'docker'])
        await shell.standIn(
          program,
          `printf '%s\\n' "${program} $*" >> '${calls}'; [ ! -p /dev/stdin ] || cat > '${piped}'`,
        )
      // Helm renders what it would install.
      await shell.standIn(
        'helm',
        `printf '%s\\n' "helm $*" >> '${calls}'
       shift; [ "$1" != --install ] || shift
       ${helm.missing === undefined ? `exec '${helm.program}' template "$@" ${KUBERNETES.join(' ')}` : 'true'}`,
      )
      await run('cp', ['--recursive', path.join(REPOSITORY, 'deploy'), checkout])
      const blocks = blocksRunBy(document, THIS)
      for (const { language, text } of blocks)
        if (language === 'yaml') await writeFile(path.join(checkout, 'values.yaml'), text)
        else await shell.run(text)
      const lines = readFileSync(calls, 'utf8')
      const named = [...lines.matchAll(/--filename (\S+\.yaml)/g)].map(([, file = '']) => file)
      for (const file of named) expect(readFileSync(path.join(REPOSITORY, file), 'utf8')).not.toBe('')
      expect(lines).toContain(
        document.endsWith('helm.md') ? 'helm upgrade --install' : 'deploy/kubernetes/lakegate.yaml',
      )
      const left = (await readdir(checkout)).filter((name) => !['bin', 'deploy'].includes(name))
      if (document.endsWith('helm.md')) expect(left).toEqual(['values.yaml'])
      else {
        // The master key goes to Kubernetes by a pipe alone.
        expect(left).toEqual([])
        expect(Buffer.from(readFileSync(piped, 'utf8'), 'base64').length).toBe(32)
      }
    },
  )
})
