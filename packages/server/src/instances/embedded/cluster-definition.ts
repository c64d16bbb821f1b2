/** What a local PostgreSQL cluster is to be: where it lives, as whom it runs, by what it is known. */
import type { Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { ClusterConfiguration } from './configuration-files.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

export interface ClusterDefinition {
  /** What the marker in the directory must say; never shared by two clusters. */
  readonly id: string
  readonly directory: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
  readonly superuser: string
  readonly configuration: ClusterConfiguration
  /** `system_identifier` as recorded elsewhere, when it is known. */
  readonly expectedIdentifier: string | undefined
  /** Asked before the cluster is made for the first time: what says that it existed before. */
  readonly refuseToMake?: (missing: string) => Promise<Fault | undefined>
}
