/** Every database library with a drop-in, against a running Lakegate: who it is, transactions, refused tokens. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { everyClient, proves } from '../../../server/test/stage/every-client.ts'
import { sharedLakegate } from '../../../server/test/stage/shared-lakegate.ts'
import { createIdentities, watched, type Identities } from './identities.ts'
import { describedAs, LIBRARIES, type Opened } from './libraries.ts'

const lakegate = sharedLakegate()
let identities: Identities
beforeAll(async () => {
  identities = await createIdentities(lakegate)
})
afterAll(() => identities.close())

const numbers = (() => {
  let last = 0
  return () => (last += 1)
})()

/** These values one after the other, whatever is refused. */
const oneByOne = (...values: readonly string[]) => {
  const left = [...values]
  return watched(() => Promise.resolve({ value: left.shift() ?? '', expiresAt: undefined }))
}

for (const library of LIBRARIES)
  everyClient(describedAs(library), () => {
    const { open } = library
    const during = async <Result>(
      connection: Parameters<typeof open>[0],
      work: (opened: Opened) => Promise<Result>,
    ): Promise<Result> => {
      const opened = await open(connection, { max: 2 })
      try {
        return await work(opened)
      } finally {
        await opened.end()
      }
    }

    it('logs in as a service principal', proves('login'), async () => {
      const { connection, minted, principal } = identities
      await expect(during(connection(minted()), ({ ask }) => ask(7))).resolves.toEqual({
        role: principal.applicationId,
        number: 7,
      })
    })

    it('logs in as the role of a group, with the token of a member', proves('role of a group'), async () => {
      const { connection, minted, group } = identities
      await expect(during(connection(minted(), group), ({ ask }) => ask(7))).resolves.toEqual({
        role: group,
        number: 7,
      })
    })

    it('commits a transaction, and rolls one back that fails', proves('transactions'), async () => {
      const { connection, minted } = identities
      const [kept, dropped] = [numbers(), numbers()]
      await during(connection(minted()), async ({ insert, count }) => {
        await insert(kept, () => undefined)
        await expect(
          insert(dropped, () => {
            throw new Error('changed my mind')
          }),
        ).rejects.toThrow('changed my mind')
        expect(await count(kept)).toBe(1)
        expect(await count(dropped)).toBe(0)
      })
    })

    it(
      'logs in once more with a new token when its token is refused',
      proves('a refused token'),
      async () => {
        const { connection, expired, minted } = identities
        const tokens = oneByOne(await expired(), (await minted().token()).value)
        await expect(during(connection(tokens), ({ ask }) => ask(7))).resolves.toMatchObject({ number: 7 })
        expect(tokens.refused).toEqual([tokens.made[0]?.value])
      },
    )

    it(
      'hands the second refusal to its caller, with its SQLSTATE and its words',
      proves('a refused token'),
      async () => {
        const { connection, expired } = identities
        const tokens = oneByOne(await expired(), await expired(), 'never asked for')
        const error: unknown = await during(connection(tokens), ({ ask }) => ask(7)).catch(
          (thrown: unknown) => thrown,
        )
        expect(told(error)).toContain('28P01')
        expect(told(error)).toContain('password authentication failed for user')
        expect(tokens.made).toHaveLength(2)
      },
    )

    it('does not ask for another token when the role is not its own', proves('a refused token'), async () => {
      const { connection, minted } = identities
      const tokens = minted()
      const error: unknown = await during(connection(tokens, lakegate.ready.admin_user), ({ ask }) =>
        ask(7),
      ).catch((thrown: unknown) => thrown)
      expect(told(error)).toContain('28000')
      expect(told(error)).not.toContain('28P01')
    })
  })

/** An error with everything that a library has wrapped into it. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error)
  const inner = [error.cause, 'parent' in error ? error.parent : undefined].filter((one) => one !== undefined)
  return [error.message, JSON.stringify(error), ...inner.map(told)].join(' ')
}
