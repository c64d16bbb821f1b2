/**
 * `lakegate/testing`: a Lakegate for a run of tests, with identities, groups and credentials (docs/testing.md).
 *
 * ```ts
 * const lakegate = await startLakegate()
 * const app = await lakegate.createServicePrincipal('my app')
 * const client = new pg.Client(await lakegate.connection(app))
 * ```
 */
export {
  startLakegate,
  type ConnectionOptions,
  type ConnectionParameters,
  type RoleOptions,
  type StartOptions,
  type TestLakegate,
} from './start-lakegate.ts'
export type { TestGroup, TestIdentity, TestServicePrincipal, TestUser } from './identities.ts'
