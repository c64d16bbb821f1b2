/**
 * Prisma: the driver adapter of a database instance, which is `PrismaPg` upon our pool.
 *
 * @example
 * const prisma = new PrismaClient({ adapter: lakegatePrismaAdapter(await lakegate.connection('dev')) })
 */
import { PrismaPg } from '@prisma/adapter-pg'
import type { InstanceConnection } from '../connection.ts'
import { LakegatePool, type LakegatePoolConfig } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'

type AdapterOptions = NonNullable<ConstructorParameters<typeof PrismaPg>[1]>

export type LakegatePrismaOptions = Omit<AdapterOptions, 'disposeExternalPool'> & {
  readonly pool?: LakegatePoolConfig
}

/** Its pool ends with `prisma.$disconnect()`. */
export function lakegatePrismaAdapter(
  connection: InstanceConnection,
  options: LakegatePrismaOptions = {},
): PrismaPg {
  const { pool, ...own } = options
  return new PrismaPg(new LakegatePool(connection, pool), { ...own, disposeExternalPool: true })
}
