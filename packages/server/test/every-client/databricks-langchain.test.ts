/**
 * docs/clients/databricks-langchain.md: the memory of agents as it comes from PyPI, with a search by meaning where pgvector is; and its
 * pool through several lifetimes.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { installPgvectorPostgres, type PgvectorPostgres } from '../stage/pgvector-postgres.ts'
import { installLangchain } from '../stage/python-clients.ts'
import { expectRotation, underLoad } from '../stage/rotation.ts'
import { asOwner } from '../stage/service-principal.ts'

const [checkpoints = '', store = ''] = blocksRunBy(
  'docs/clients/databricks-langchain.md',
  'packages/server/test/every-client/databricks-langchain.test.ts',
).map(({ text }) => text)

const clients = await installLangchain()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients
const version = clients.versionOf('databricks-langchain')

everyClient({ client: 'databricks-langchain', version, runtime, missing }, () => {
  let pgvector: PgvectorPostgres
  let lakegate: OwnLakegate
  let reader: ExampleReader

  beforeAll(async () => {
    pgvector = await installPgvectorPostgres()
    lakegate = await startOwnLakegate({
      // It knows no other port.
      LAKEGATE_GATEWAY_PORT: '5432',
      ...(pgvector.missing === undefined ? { LAKEGATE_POSTGRES_BINARIES: pgvector.directory } : {}),
    })
    reader = await createExampleReader(lakegate, 'reads about databricks-langchain')
    await asOwner(lakegate, (owner) =>
      owner.query(`GRANT CREATE ON DATABASE databricks_postgres TO "${reader.principal.applicationId}"`),
    )
  })
  afterAll(async () => {
    await reader.remove()
    await lakegate.remove()
    await pgvector.remove()
  })

  it('keeps a conversation, as the page shows', proves('checkpoints'), async () => {
    const { stdout } = await reader.runPython(python, checkpoints)
    expect(stdout.trim()).toBe("['hello', 'answer 1', 'and again', 'answer 3']")
  })

  it(
    'keeps what an agent remembers, and finds all of it again, as the page shows',
    proves('store'),
    async () => {
      const { stdout } = await reader.runPython(python, store)
      expect(stdout.trim().split('\n')).toEqual(["{'drink': 'tea'}", "[{'drink': 'tea'}]", '[4]'])
    },
  )

  it('loses no step of a conversation while its credentials expire', proves('rotation'), async () => {
    await asOwner(lakegate, (owner) => owner.query('GRANT CREATE ON DATABASE databricks_postgres TO PUBLIC'))
    const [definitions = ''] = checkpoints.split('conversation = ')
    const program = `${definitions}
import threading
from load import load

with CheckpointSaver(instance_name="dev", schema="load", token_cache_duration_seconds=2, max_lifetime=2) as checkpointer:
    checkpointer.setup()
    agent = graph.compile(checkpointer=checkpointer)
    told = {}

    def query():
        thread = threading.get_ident()
        conversation = {"configurable": {"thread_id": str(thread)}}
        told[thread] = told.get(thread, 0) + 2
        messages = agent.invoke({"messages": ["hello"]}, conversation)["messages"]
        assert len(messages) == told[thread], f"{len(messages)} messages instead of {told[thread]}"
        with checkpointer.conn.connection() as connection:
            return connection.info.backend_pid

    load(SECONDS, query)`
    expectRotation(await underLoad(lakegate, python, program))
  })

  it('searches by meaning', proves('vectors'), async (context) => {
    context.skip(pgvector.missing !== undefined, 'no pgvector')
    const { stdout } = await reader.runPython(
      python,
      `
from databricks_langchain import DatabricksStore
from langchain_core.embeddings import DeterministicFakeEmbedding

store = DatabricksStore(instance_name="dev", schema="meaning", embeddings=DeterministicFakeEmbedding(size=8), embedding_dims=8)
store.setup()
store.put(("users", "ada"), "likes", {"drink": "tea"})
store.put(("users", "ada"), "dislikes", {"drink": "milk"})
print([item.key for item in store.search(("users",), query='{"drink": "milk"}', limit=1)])
`,
    )
    expect(stdout.trim()).toBe("['dislikes']")
  })
})
