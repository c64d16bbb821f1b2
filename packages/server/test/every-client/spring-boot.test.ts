/** docs/clients/spring-boot.md: the application as it stands there, with the class of jdbc.md. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { buildJavaProject } from '../stage/java-project.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [properties = '', application = ''] = blocksRunBy(
  'docs/clients/spring-boot.md',
  'packages/server/test/every-client/spring-boot.test.ts',
).map(({ text }) => text)
const plugin = blocksOf('docs/clients/jdbc.md').find(({ text }) =>
  text.startsWith('// DatabaseCredential.java'),
)
const EXPORTS =
  blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text ?? ''
const VERSION = '4.0.7'

/** Spring's own logger takes the place of others; the SDK brings none. */
const java = await buildJavaProject({
  parent: `<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>${VERSION}</version></parent>`,
  dependencies: `
    <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-jdbc</artifactId></dependency>
    <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId></dependency>
    <dependency><groupId>com.databricks</groupId><artifactId>databricks-sdk-java</artifactId><version>0.65.0</version></dependency>`,
  files: {
    // Spring wants a package of the application's own.
    'Application.java': `package example;\n${application}`,
    'DatabaseCredential.java': `package example;\n${plugin?.text ?? ''}`,
    'application.properties': properties.replace('=DatabaseCredential', '=example.DatabaseCredential'),
  },
})
afterAll(() => java.remove())

everyClient({ client: 'Spring Boot', version: VERSION, runtime: java.runtime, missing: java.missing }, () => {
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(sharedLakegate(), 'reads about Spring Boot')
  })
  afterAll(() => reader.remove())

  it('logs in as the page shows', proves('login'), async () => {
    const { stdout } = await reader.run(`${EXPORTS}\n${java.command('example.Application')}`)
    expect(stdout.split('\n')).toContain(reader.principal.applicationId)
  })
})
