/**
 * A reader of docs/clients: a service principal with a role in the first instance, whose terminal has the variables that
 * docs/clients/README.md sets before it runs an example, as they are set there.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { blocksOf } from './document.ts'
import { useShell } from './document-shell.ts'
import type { Lakegate } from './lakegate.ts'
import { createPrincipalWithRole, mintCredential, type TestServicePrincipal } from './service-principal.ts'

export interface ExampleReader {
  readonly principal: TestServicePrincipal
  /** Where examples are written and run; it is the home directory too, without a ~/.databrickscfg of whoever runs the tests. */
  readonly directory: string
  /** A file for an example. */
  write(file: string, text: string): Promise<void>
  /**
   * Commands, with `$LAKEGATE`, `$CLIENT_ID`, `$SECRET`, `$HOST`, `$PORT`, `$CA_FILE`, `$ROLE` and a fresh `$TOKEN`.
   * @throws with everything that was printed when they fail
   */
  run(
    commands: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ readonly stdout: string; readonly stderr: string }>
  /** A program in this interpreter, behind the exports of docs/clients/README.md. */
  runPython(
    python: string,
    program: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ readonly stdout: string; readonly stderr: string }>
  remove(): Promise<void>
}

/** @param httpUrl where REST is, for a reader who does not speak with Lakegate itself */
export async function createExampleReader(
  lakegate: Lakegate,
  displayName: string,
  httpUrl = lakegate.ready.http_url,
): Promise<ExampleReader> {
  const exports = blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text
  if (exports === undefined) throw new Error('docs/clients/README.md no longer exports PGHOST')
  const principal = await createPrincipalWithRole(lakegate, displayName)
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-example-'))
  const shell = await useShell(directory)
  const { ca_file: CA_FILE, instance } = lakegate.ready
  const variables = {
    LAKEGATE: httpUrl,
    CA_FILE,
    CLIENT_ID: principal.applicationId,
    SECRET: principal.secret,
    ROLE: principal.applicationId,
    HOST: instance.host,
    PORT: String(instance.port),
  }
  const run: ExampleReader['run'] = async (commands, environment = {}) =>
    shell.run(commands, {
      HOME: directory,
      ...variables,
      TOKEN: await mintCredential(principal.http, instance.name),
      ...environment,
    })
  const write = (file: string, text: string) => writeFile(path.join(directory, file), text)
  return {
    principal,
    directory,
    write,
    run,
    async runPython(python, program, environment) {
      const file = `${crypto.randomUUID()}.py`
      await write(file, program)
      return run(`${exports}\nexec '${python}' '${file}'`, environment)
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
