/**
 * Prisma: the driver adapter of a database instance. It is `PrismaPg`, whose pool has clients that log in with tokens.
 *
 * @example
 * const prisma = new PrismaClient({ adapter: lakegatePrismaAdapter(await lakegate.connection('dev')) })
 */
import { PrismaPg } from '@prisma/adapter-pg'
import type { InstanceConnection } from '../connection.ts'
import { LakegateConfigurationError } from '../errors.ts'
import { poolConfigOf, retireOneByOne } from '../login/node-postgres.ts'
import type { LakegatePoolConfig } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'
export type { LakegatePoolConfig } from './pg.ts'

type AdapterOptions = NonNullable<ConstructorParameters<typeof PrismaPg>[1]>

/** The options of the driver adapter of Prisma, without those that come from the instance. */
export type LakegatePrismaOptions = Omit<AdapterOptions, 'disposeExternalPool'> & {
  readonly pool?: LakegatePoolConfig
}

/** Its pool is opened when Prisma connects, and ends with `prisma.$disconnect()`. */
export function lakegatePrismaAdapter(
  connection: InstanceConnection,
  options: LakegatePrismaOptions = {},
): PrismaPg {
  const { pool = {}, ...own } = options
  class LakegatePrisma extends PrismaPg {
    constructor() {
      // Its configuration and no pool of ours: not every version takes one, and none does where npm has put two copies of pg.
      super(poolConfigOf(connection, pool), own)
    }

    override async connect() {
      const adapter = await super.connect()
      retireOneByOne(adapter.underlyingDriver(), pool)
      return adapter
    }

    /** Its pool would be ours again, which connects to the instance's database whatever it is told. */
    override connectToShadowDb(): never {
      throw new LakegateConfigurationError(
        'Prisma asks for a shadow database, which this adapter does not open.',
        'Make migrations against a PostgreSQL of your own (prisma migrate dev), and apply them here: prisma migrate deploy',
      )
    }
  }
  return new LakegatePrisma()
}
