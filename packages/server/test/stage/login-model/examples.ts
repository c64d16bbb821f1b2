/** Sequences that broke the rule once, and every way in which PostgreSQL runs one's code in another's session. */
import { CONTAINERS, type Container, type Deed, type Sequence, type Statement } from './statements.ts'
import { MAINTENANCE, USES } from './to-sql.ts'

const DEED: Deed = {
  first: 'nothing',
  then: 'set_label',
  role: 'shared',
  label: 'plain',
  newcomer: 'newcomer_principal',
  isSilent: true,
}

const everyWay = (uses: readonly unknown[] | undefined, statement: (way: number) => Statement) =>
  (uses ?? []).map((_use, way) => statement(way))

/** The owner and the creator, who administer the target, and the superuser come upon what a plain role has planted. */
const ambush = (container: Container, isDefiner: boolean, deed: Deed): Sequence => ({
  statements: [
    { kind: 'plant', by: 'plain', container, isDefiner, deed },
    // What runs with the owner's own rights may do what the owner may; so the superuser's maintenance comes first.
    ...everyWay(MAINTENANCE[container], (way) => ({ kind: 'maintain', plant: 0, way })),
    ...everyWay(USES[container], (way) => ({ kind: 'use', by: 'creator', plant: 0, way })),
    ...everyWay(USES[container], (way) => ({ kind: 'use', by: 'owner', plant: 0, way })),
  ],
  sample: 0,
})

/** In one container after the other: with the rights of the planter, and with those of whoever is there. */
export const AMBUSHES: readonly (readonly [Container, readonly Sequence[]])[] = CONTAINERS.map(
  (container) => [
    container,
    [
      ambush(container, true, DEED),
      ambush(container, true, { ...DEED, then: 'create_role' }),
      ambush(container, false, { ...DEED, isSilent: false }),
    ],
  ],
)

const login: Statement = { kind: 'login_with_claims' }
const sql = (by: 'creator' | 'owner', text: string): Statement => ({ kind: 'sql', by, text })

/** @param functions the names of our functions in `public`, in the order of the catalog */
export const takeovers = (functions: readonly string[]): readonly Sequence[] =>
  [
    [sql('creator', 'CREATE ROLE {reader} LOGIN'), login],
    [sql('creator', 'CREATE ROLE {reader}'), sql('creator', 'GRANT {reader} TO {creator}'), login],
    [login, sql('owner', 'GRANT {reader} TO {plain}'), login],
    ...functions.map((_name, index): readonly Statement[] => [
      { kind: 'replace', by: 'owner', function: index, deed: { ...DEED, role: 'unbound' } },
      login,
    ]),
  ].map((statements) => ({ statements, sample: 0 }))
