/** A program in Java with what Maven fetches for it, compiled in a temporary directory; where something cannot be had, why. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface JavaProject {
  /** `Java 21.0.8`; `Java` where there is none. */
  readonly runtime: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  /** A command for a shell, which runs this class. */
  command(main: string): string
  remove(): Promise<void>
}

export interface JavaSources {
  /** The elements below `dependencies` of a pom.xml. */
  readonly dependencies: string
  /** The element `parent` of a pom.xml. */
  readonly parent?: string
  readonly files: Readonly<Record<string, string>>
}

export async function buildJavaProject({
  dependencies,
  parent = '',
  files,
}: JavaSources): Promise<JavaProject> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-java-'))
  const libraries = path.join(directory, 'libraries')
  const classes = path.join(directory, 'classes')
  const project = {
    command: (main: string) => `exec java -cp '${classes}:${libraries}/*' ${main}`,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
  let runtime = 'Java'
  try {
    const said = await run('java', ['--version'])
    runtime = `Java ${/\d+(?:\.\d+)*/.exec(said.stdout)?.[0] ?? ''}`
    await writeFile(path.join(directory, 'pom.xml'), pom(parent, dependencies))
    await run(
      'mvn',
      [
        ...[
          '--batch-mode',
          '--quiet',
          'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
        ],
        `-DoutputDirectory=${libraries}`,
      ],
      { cwd: directory },
    )
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    return { ...project, runtime, missing }
  }
  await mkdir(classes)
  for (const [file, text] of Object.entries(files))
    await writeFile(path.join(file.endsWith('.java') ? directory : classes, file), text)
  const sources = Object.keys(files).filter((file) => file.endsWith('.java'))
  // Spring finds parameters by their names.
  await run('javac', ['-parameters', '-cp', `${libraries}/*`, '-d', classes, ...sources], { cwd: directory })
  return { ...project, runtime, missing: undefined }
}

const pom = (parent: string, dependencies: string): string => `<project>
  <modelVersion>4.0.0</modelVersion>
  ${parent}
  <groupId>example</groupId>
  <artifactId>example</artifactId>
  <version>1</version>
  <dependencies>
${dependencies}
  </dependencies>
</project>
`
