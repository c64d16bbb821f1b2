/** `lakegate detach`, the built program as an operator runs it: what it takes away, and what it never touches. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { attach, showInstance, waitUntilAvailable, type Attached } from '../stage/attach.ts'
import { runCommand } from '../stage/command-line.ts'
import { startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
let cluster: ForeignCluster
let attached: Attached

beforeAll(async () => {
  // On every version it gets the function that says what to use instead, of which views can be made.
  cluster = await startForeignCluster({ administrator: 'CREATEROLE' })
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
})
afterAll(async () => cluster.stop())

const lakegateDetach = (...words: string[]) => runCommand(lakegate, ['detach', ...words])

const hasSuperuserRole = async () =>
  (await cluster.query("SELECT FROM pg_roles WHERE rolname = 'databricks_superuser'")).length > 0

describe('lakegate detach', () => {
  beforeEach(async () => {
    attached = await attach(lakegate, `detached-${String(cluster.port)}`, [cluster])
    await waitUntilAvailable(attached)
  })

  it('takes the instance away, and leaves in the cluster what Lakegate put into it', async () => {
    const { status, output } = await lakegateDetach(attached.name)
    expect(output).toContain(`${attached.name} is detached; `)
    expect(status).toBe(0)
    await expect(showInstance(attached)).rejects.toMatchObject({ status: 404 })
    await expect(hasSuperuserRole()).resolves.toBe(true)
  })

  it('takes it out with --remove-objects', async () => {
    const { status, output } = await lakegateDetach(attached.name, '--remove-objects')
    expect(output).toContain(`${attached.name} is detached, and `)
    expect(status).toBe(0)
    await expect(showInstance(attached)).rejects.toMatchObject({ status: 404 })
    await expect(hasSuperuserRole()).resolves.toBe(false)
  })

  it('says what is in the way, and goes on without --remove-objects', async () => {
    await cluster.query("CREATE VIEW mine AS SELECT databricks_create_role('it', 'USER')", [], 'app')
    const { status, output } = await lakegateDetach(attached.name, '--remove-objects')
    expect(output).toContain('view public.mine depends on')
    expect(output).toContain('without --remove-objects')
    expect(status).toBe(1)
    await expect(lakegateDetach(attached.name)).resolves.toMatchObject({ status: 0 })
    await cluster.query('DROP VIEW mine', [], 'app')
  })
})

describe('lakegate detach refuses', () => {
  it('an instance of Lakegate’s own, which it would destroy', async () => {
    const { name } = lakegate.ready.instance
    const { status, output } = await lakegateDetach(name)
    expect(output).toContain(`${name} is an instance of Lakegate’s own`)
    expect(status).toBe(1)
    await expect(showInstance({ lakegate, name })).resolves.toMatchObject({ state: 'AVAILABLE' })
  })

  it('a name that nobody has', async () => {
    const { status, output } = await lakegateDetach('nobody-has-this-name')
    expect(output).toContain('Error: ')
    expect(output).not.toContain('its own mistake')
    expect(status).toBe(4)
  })
})
