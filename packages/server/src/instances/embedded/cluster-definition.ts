/** The definition of a local PostgreSQL cluster: where it lives, which account runs it, how it is identified. */
import type { Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { ClusterConfiguration } from './configuration-files.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

export interface ClusterDefinition {
  /** The id that the marker in the directory must have; unique to one cluster. */
  readonly id: string
  readonly directory: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
  readonly superuser: string
  readonly configuration: ClusterConfiguration
  /** `system_identifier` as recorded elsewhere, when it is known. */
  readonly expectedIdentifier: string | undefined
  /** Called before the cluster is made for the first time; answers a Fault when it existed before. */
  readonly refuseToMake?: (missing: string) => Promise<Fault | undefined>
}
