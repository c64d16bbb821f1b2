/**
 * Existing clusters behind the gateway (DESIGN §3, `attached`): Lakegate's own addition, with no number in the list of
 * behaviours. PostgreSQL 18 from npm and 15 from Debian, each run by the test as somebody else's server.
 */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseInstanceRole, InstanceDatabasesAnswer } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  changeAttached,
  createAttachedRole,
  detach,
  inAttachedSession,
  loginOf,
  refusedAttachedLogin,
  showInstance,
  waitForProblem,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { installEarlierFunctions } from '../stage/earlier-extension.ts'
import {
  ADMINISTRATOR,
  FOREIGN_MAJOR_VERSION,
  HAS_DEBIAN_15,
  startForeignCluster,
  type ForeignCluster,
} from '../stage/foreign-cluster.ts'
import { spawnLakegate } from '../stage/lakegate.ts'
import {
  createServicePrincipal,
  inSession,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const SCRAM = 'hostssl all all 127.0.0.1/32 scram-sha-256'
const CERT = 'hostssl all all 127.0.0.1/32 cert'

let principal: TestServicePrincipal
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'attached')
})

async function detachAndStop(attached: Attached | undefined, cluster: ForeignCluster): Promise<void> {
  if (attached !== undefined) await detach(attached)
  await cluster.stop()
}

describe.each([
  [
    `PostgreSQL ${String(FOREIGN_MAJOR_VERSION)}, administered by a superuser`,
    { version: 'packaged' },
    'shared_catalog',
  ],
  [
    `PostgreSQL ${String(FOREIGN_MAJOR_VERSION)}, administered by a role with CREATEROLE`,
    { version: 'packaged', administrator: 'CREATEROLE' },
    'system_database',
  ],
  ...(HAS_DEBIAN_15
    ? ([
        ['PostgreSQL 15, administered by a superuser', { version: 'debian-15' }, 'shared_catalog'],
        [
          'PostgreSQL 15, administered by a role with CREATEROLE',
          { version: 'debian-15', administrator: 'CREATEROLE' },
          'system_database',
        ],
      ] as const)
    : []),
] as const)('%s', (_title, options, bindings) => {
  const version = options.version === 'debian-15' ? 15 : FOREIGN_MAJOR_VERSION
  let cluster: ForeignCluster
  let attached: Attached
  beforeAll(async () => {
    cluster = await startForeignCluster(options)
    await cluster.writeRules(SCRAM)
    attached = await attach(lakegate, `own-${bindings.replace('_', '-')}-${String(cluster.port)}`, [cluster])
    await waitUntilAvailable(attached)
    await createAttachedRole(attached, principal)
  })
  afterAll(() => detachAndStop(attached, cluster))

  it('is AVAILABLE with its version, and shows no secret', async () => {
    const instance = await showInstance(attached)
    expect(instance.pg_version).toBe(`PG_VERSION_${String(version)}`)
    expect(instance.attached?.role_bindings).toBe(bindings)
    expect(JSON.stringify(instance)).not.toContain(ADMINISTRATOR.password)
  })

  it('admits the token as exactly the role, over TLS, with a SCRAM key that has no password', async () => {
    const who = await inAttachedSession(attached, principal, async (client) => {
      const { rows } = await client.query<{ role: string; ssl: boolean }>(
        'SELECT session_user::text AS role, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      )
      return rows[0]
    })
    expect(who).toEqual({ role: principal.applicationId, ssl: true })
    const [row] = await cluster.query<{ verifier: string }>(
      'SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = $1',
      [principal.applicationId],
    )
    expect(row?.verifier).toMatch(/^SCRAM-SHA-256\$4096:/)
  })

  it('tells its databases, and as which roles one could log in, by the same bindings as a login', async () => {
    const here = `/api/2.0/lakegate/instances/${attached.name}`
    const { databases } = await principal.http.request<InstanceDatabasesAnswer>('GET', `${here}/databases`)
    expect(databases).toContainEqual({ name: 'app' })
    expect(databases.map(({ name }) => name)).not.toContain('template1')
    await expect(principal.http.request('GET', `${here}/sign-in-roles`)).resolves.toEqual({
      roles: [
        {
          role: principal.applicationId,
          kind: 'own',
          path: [{ id: principal.id, name: principal.applicationId }],
        },
      ],
    })
    const role = ADMINISTRATOR.user
    const { code, message } = await refusedAttachedLogin(attached, principal, role)
    await expect(
      principal.http.request('POST', `${here}/login-check`, { role, database: 'app' }),
    ).resolves.toMatchObject({ outcome: 'refused', refusal: { sqlstate: code, message } })
  })

  const pooledLogin = async () => {
    const { pooled_dns: host, pooled_port: port } = await waitFor('the pooled endpoint', async () => {
      const instance = await showInstance(attached)
      return instance.pooled_port !== undefined && instance
    })
    return { ...(await loginOf(attached, principal)), instance: { host: host ?? '', port: port ?? 0 } }
  }

  it('shares its backends at the pooled endpoint', async () => {
    const role = await inSession(
      lakegate,
      await pooledLogin(),
      async (client) => (await client.query<{ role: string }>('SELECT session_user::text AS role')).rows[0],
    )
    expect(role).toEqual({ role: principal.applicationId })
  })

  it('is asked at each pooled login who may connect, and its databases can be dropped behind idle backends', async () => {
    await cluster.query('CREATE DATABASE to_be_dropped TEMPLATE template0')
    const login = { ...(await pooledLogin()), database: 'to_be_dropped' }
    await inSession(lakegate, login, async (client) => {
      await client.query('SELECT 1')
      await cluster.query('REVOKE CONNECT ON DATABASE to_be_dropped FROM PUBLIC')
      expect(await refusedLogin(lakegate, login)).toMatchObject({ code: '42501' })
      await cluster.query('DROP DATABASE to_be_dropped')
      expect(await refusedLogin(lakegate, login)).toMatchObject({ code: '3D000' })
    })
  })

  it('forgets the binding of a role that was dropped and made again behind its back', async () => {
    const other = await createServicePrincipal(lakegate, 'recreated')
    await createAttachedRole(attached, other)
    await inAttachedSession(attached, other, (client) => client.query('SELECT 1'))
    await cluster.query(`DROP ROLE "${other.applicationId}"`)
    await cluster.query(`CREATE ROLE "${other.applicationId}" LOGIN`)
    await expect(refusedAttachedLogin(attached, principal, other.applicationId)).resolves.toMatchObject({
      code: '28000',
    })
  })

  it('binds a role that is there already, and never a superuser or the administrative role', async () => {
    const other = await createServicePrincipal(lakegate, 'existing')
    await cluster.query('CREATE ROLE app_rw LOGIN')
    if (bindings === 'system_database') await changeAttached(attached, { existing_passwords: 'replace' })
    if (bindings === 'system_database' && version >= 16)
      await cluster.query(`GRANT app_rw TO ${ADMINISTRATOR.user} WITH ADMIN TRUE`)
    await waitUntilAvailable(attached)
    await createAttachedRole(attached, other, 'app_rw')
    // Minting wants a role of one's own, which app_rw is now.
    await expect(
      inAttachedSession(
        attached,
        other,
        (client) => client.query('SELECT session_user::text AS u'),
        'app_rw',
      ),
    ).resolves.toMatchObject({ rows: [{ u: 'app_rw' }] })
    for (const role of ['operator', ADMINISTRATOR.user, 'pg_monitor']) {
      await expect(createAttachedRole(attached, principal, role)).rejects.toThrow(/does not exist/)
    }
  })

  it.runIf(bindings === 'shared_catalog' && version >= 16)(
    'has the functions of databricks_auth in the named database, without the extension',
    async () => {
      const seen = await inAttachedSession(attached, principal, async (client) => {
        const { rows: identity } = await client.query('SELECT * FROM databricks_session_identity()')
        const { rows: roles } = await client.query(
          'SELECT * FROM databricks_list_roles WHERE role_name = $1',
          [principal.applicationId],
        )
        return { identity, roles }
      })
      expect(seen.identity).toMatchObject([
        {
          identity_id: principal.id,
          identity_type: 'service_principal',
          client_address: expect.stringMatching(/^127\./) as string,
          tls_version: 'TLSv1.3',
        },
      ])
      expect(seen.roles).toMatchObject([{ identity_type: 'service_principal' }])
    },
  )

  it.runIf(bindings === 'system_database')('says what its administrative role may not do', async () => {
    const other = await createServicePrincipal(lakegate, 'too much')
    await expect(
      lakegate.admin.request('POST', `/api/2.0/database/instances/${attached.name}/roles`, {
        name: other.applicationId,
        identity_type: 'SERVICE_PRINCIPAL',
        attributes: { bypassrls: true },
      }),
    ).rejects.toThrow(/administrative role .* may not do this/)
  })

  it('shows its roles, changes and drops them', async () => {
    const other = await createServicePrincipal(lakegate, 'dropped')
    await createAttachedRole(attached, other)
    const path = `/api/2.0/database/instances/${attached.name}/roles/${other.applicationId}`
    await expect(lakegate.admin.request<DatabaseInstanceRole>('GET', path)).resolves.toMatchObject({
      identity_type: 'SERVICE_PRINCIPAL',
    })
    await lakegate.admin.request('DELETE', path)
    await expect(
      cluster.query('SELECT FROM pg_roles WHERE rolname = $1', [other.applicationId]),
    ).resolves.toEqual([])
  })
})

describe('client certificates', () => {
  let cluster: ForeignCluster
  let attached: Attached
  beforeAll(async () => {
    cluster = await startForeignCluster()
    await cluster.writeRules(CERT)
    attached = await attach(lakegate, 'by-certificate', [cluster], {
      backend_authentication: 'client_certificate',
    })
    const instance = await waitUntilAvailable(attached)
    await createAttachedRole(attached, principal)
    await cluster.writeFile('client-ca.pem', instance.attached?.client_ca_pem ?? '')
    await cluster.query('SELECT pg_reload_conf()')
  })
  afterAll(() => detachAndStop(attached, cluster))

  it('open sessions whose certificate names the role, and leave passwords alone', async () => {
    const subject = await waitFor('the new certificate authority', () =>
      inAttachedSession(attached, principal, async (client) => {
        const { rows } = await client.query<{ subject: string }>(
          'SELECT client_dn AS subject FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
        )
        return rows[0]?.subject
      }).catch(() => undefined),
    )
    expect(subject).toBe(`/CN=${principal.applicationId}`)
    await expect(
      cluster.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [principal.applicationId]),
    ).resolves.toEqual([{ rolpassword: null }])
  })

  it('are not answered by a rule that wants a password: the client reads what to put right', async () => {
    await cluster.writeRules(SCRAM)
    const refused = await waitFor('the rule', async () => {
      const error = await refusedAttachedLogin(attached, principal).catch(() => undefined)
      return error
    })
    expect(`${refused.message} ${refused.detail ?? ''}`).toContain('pg_hba.conf')
  })

  it('are refused with 28000 by the cluster, which is not the fault of the token', async () => {
    await cluster.writeRules()
    const refused = await waitFor('the rule', async () => {
      const error = await refusedAttachedLogin(attached, principal).catch(() => undefined)
      return error?.message.includes('pg_hba') === true ||
        error?.detail?.includes('let the gateway in') === true
        ? error
        : undefined
    })
    expect(refused.code).not.toMatch(/^28/)
  })
})

describe('a cluster that is not what it should be', () => {
  let cluster: ForeignCluster
  let attached: Attached | undefined
  beforeAll(async () => {
    cluster = await startForeignCluster()
    await cluster.writeRules(SCRAM)
  })
  afterAll(() => detachAndStop(attached, cluster))

  it('is not spoken to under another authority, another name, or in plain text, until that is put right', async () => {
    const stranger = await startForeignCluster({ certificateName: 'db.example.com' })
    const plain = await startForeignCluster({ tls: false })
    try {
      attached = await attach(lakegate, 'wrong', [cluster], { tls: { ca_pem: stranger.caPem } })
      await waitForProblem(attached, 'Check tls.ca_pem')
      await changeAttached(attached, {
        hosts: [{ host: stranger.host, port: stranger.port }],
        tls: { ca_pem: stranger.caPem },
      })
      await waitForProblem(attached, 'does not match certificate')
      await changeAttached(attached, { hosts: [{ host: plain.host, port: plain.port }] })
      await waitForProblem(attached, 'Set ssl = on')
      await changeAttached(attached, {
        hosts: [{ host: cluster.host, port: cluster.port }],
        tls: { ca_pem: cluster.caPem },
      })
      await waitUntilAvailable(attached)
    } finally {
      await stranger.stop()
      await plain.stop()
    }
  })

  it('is refused when another cluster answers at its address', async () => {
    if (attached === undefined) throw new Error('not attached')
    const other = await startForeignCluster()
    try {
      await changeAttached(attached, {
        hosts: [{ host: other.host, port: other.port }],
        tls: { ca_pem: other.caPem },
      })
      await waitForProblem(attached, 'belongs to another cluster')
      await expect(
        other.query("SELECT FROM pg_roles WHERE rolname = 'databricks_superuser'"),
      ).resolves.toEqual([])
    } finally {
      await changeAttached(attached, {
        hosts: [{ host: cluster.host, port: cluster.port }],
        tls: { ca_pem: cluster.caPem },
      })
      await other.stop()
    }
    await waitUntilAvailable(attached)
  })

  it('says so when its administrative password changed, and goes on when it is told the new one', async () => {
    if (attached === undefined) throw new Error('not attached')
    await cluster.query(`ALTER ROLE ${ADMINISTRATOR.user} PASSWORD 'rotated'`)
    await changeAttached(attached, { administration: { password: 'not this' } })
    await waitForProblem(attached, 'Check administration.user')
    await changeAttached(attached, { administration: { password: 'rotated' } })
    await waitUntilAvailable(attached)
  })

  it('keeps the passwords of its own roles unless Lakegate is told to replace them', async () => {
    if (attached === undefined) throw new Error('not attached')
    const other = await createServicePrincipal(lakegate, 'with password')
    await cluster.query("CREATE ROLE with_password LOGIN PASSWORD 'its own'")
    await createAttachedRole(attached, other, 'with_password')
    const refused = await refusedAttachedLogin(attached, other, 'with_password')
    expect(`${refused.message} ${refused.detail ?? ''}`).toContain('password of its own')
    await changeAttached(attached, { existing_passwords: 'replace' })
    await waitUntilAvailable(attached)
    await inAttachedSession(attached, other, (client) => client.query('SELECT 1'), 'with_password')
  })

  it('is left as it is by a detachment', async () => {
    if (attached === undefined) throw new Error('not attached')
    await detach(attached)
    const gone = attached
    attached = undefined
    await waitFor('the detachment', () =>
      showInstance(gone).then(
        () => false,
        () => true,
      ),
    )
    await expect(cluster.query("SELECT FROM pg_roles WHERE rolname = 'with_password'")).resolves.toHaveLength(
      1,
    )
  })
})

describe('attaching', () => {
  it('is for administrators of the account alone', async () => {
    await expect(
      principal.http.request('POST', '/api/2.0/database/instances', {
        name: 'not-for-you',
        attached: {
          hosts: [{ host: '127.0.0.1' }],
          administration: ADMINISTRATOR,
          backend_authentication: 'scram',
        },
      }),
    ).rejects.toThrow(/may not attach/)
  })

  it.each([
    [{ hosts: [{ host: '/run/postgresql' }] }, 'attached.hosts.0.host'],
    [{ hosts: [{ host: '127.0.0.1', port: 0 }] }, 'attached.hosts.0.port'],
    [{ hosts: [] }, 'attached.hosts'],
    [{ tls: { ca_pem: 'trust me' } }, 'attached.tls.ca_pem'],
    [{ administration: { user: 'postgres', password: '' } }, 'attached.administration.password'],
    [{ backend_authentication: undefined }, 'attached.backend_authentication'],
  ])('refuses %j and names the field', async (wrong, field) => {
    await expect(
      lakegate.admin.request('POST', '/api/2.0/database/instances', {
        name: 'never',
        attached: {
          hosts: [{ host: '127.0.0.1' }],
          administration: ADMINISTRATOR,
          backend_authentication: 'scram',
          ...wrong,
        },
      }),
    ).rejects.toThrow(field)
  })

  it('works by the command line, which takes secrets from files and standard input alone', async () => {
    const cluster = await startForeignCluster()
    const attached = { name: 'by-command-line', lakegate }
    try {
      const [token, ca] = ['token', 'ca.pem'].map((file) =>
        path.join(path.dirname(cluster.dataDirectory), file),
      ) as [string, string]
      await writeFile(token, `${lakegate.ready.admin_token}\n`)
      await writeFile(ca, cluster.caPem)
      const command = spawnLakegate(
        [
          ...['attach', attached.name, '--host', `${cluster.host}:${String(cluster.port)}`],
          ...['--user', ADMINISTRATOR.user, '--password-file', '-', '--database', 'app', '--ca-file', ca],
          ...['--backend-authentication', 'client_certificate'],
          ...['--url', lakegate.ready.http_url, '--token-file', token],
        ],
        {},
        `${ADMINISTRATOR.password}\n`,
      )
      const [status] = (await once(command.child, 'close')) as [number | null]
      expect(command.output()).toContain('BEGIN CERTIFICATE')
      expect(status).toBe(0)
      await waitUntilAvailable(attached)
    } finally {
      await detachAndStop(attached, cluster)
    }
  })
})

describe.runIf(FOREIGN_MAJOR_VERSION >= 16)(
  'a cluster with the functions of version 1.5 of databricks_auth',
  () => {
    it('gets those of this one, under the views that were built on them', async () => {
      const cluster = await startForeignCluster()
      let attached: Attached | undefined
      try {
        await cluster.writeRules(SCRAM)
        await installEarlierFunctions(cluster, '1.5')
        await cluster.query('CREATE VIEW who AS SELECT * FROM databricks_session_identity()', [], 'app')
        await cluster.query('GRANT SELECT ON who TO PUBLIC', [], 'app')
        attached = await attach(lakegate, `built-on-${String(cluster.port)}`, [cluster])
        await waitUntilAvailable(attached)
        await createAttachedRole(attached, principal)
        const seen = await inAttachedSession(attached, principal, async (client) => [
          (await client.query('SELECT * FROM who')).rows[0] as unknown,
          (await client.query('SELECT * FROM databricks_session_identity()')).rows[0] as unknown,
        ])
        const before = {
          identity_id: principal.id,
          identity_type: 'service_principal',
          identity_name: principal.applicationId,
          membership_path: [],
        }
        expect(seen).toEqual([
          before,
          {
            ...before,
            client_address: expect.stringMatching(/^127\./) as string,
            tls_version: 'TLSv1.3',
            tls_cipher: expect.stringMatching(/^TLS_/) as string,
          },
        ])
      } finally {
        await detachAndStop(attached, cluster)
      }
    })
  },
)
