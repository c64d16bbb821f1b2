/**
 * Which file may change what on the disk, as data. Root works beside an account that it does not trust with its rights
 * (attack 52): whatever makes, writes, gives away or removes something says here why no link leads it elsewhere.
 */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SOURCE_FILES, type SourceFile } from './sources.ts'

/** Of node:fs and node:fs/promises; without what only reads. `open` writes when its flags say so. */
const CHANGES =
  /^(l?chmod|l?chown|fch(mod|own)|writeFile|appendFile|copyFile|cp|l?utimes|link|symlink|mkdir|mkdtemp|open|rename|rm|rmdir|unlink|f?truncate|createWriteStream|writev?)(Sync)?$/

interface Permission {
  readonly may: readonly string[]
  readonly because: string
}

const PERMITTED: Readonly<Record<string, Permission>> = {
  'instances/embedded/own-directories.ts': {
    may: ['chmod', 'lchown', 'mkdir', 'open', 'rmdir'],
    because: 'the one place where owners and modes are changed: by a descriptor, or in a directory of ours',
  },
  'instances/embedded/own-files.ts': {
    may: ['open', 'rename', 'rm'],
    because: 'new files are renamed in directories of ours; what is read is opened without following a link',
  },
  'instances/embedded/remove-tree.ts': {
    may: ['rm', 'rmdir', 'unlink'],
    because: 'what belongs to the account, the account removes; rm is for where there is no other account',
  },
  'instances/embedded/cluster.ts': { may: ['rename'], because: 'between directories of ours' },
  'instances/embedded/initialise.ts': {
    may: ['open', 'rename'],
    because: 'both in the directory of the cluster, which is ours; opened to be synced',
  },
  'instances/embedded/postmaster.ts': {
    may: ['rm'],
    because: 'removes a name, never a directory; the last part of a path is not followed',
  },
  'instances/embedded/binaries.ts': {
    may: ['chmod', 'cp', 'mkdir', 'rename', 'rm', 'symlink'],
    because: 'in the package that npm installed, and in postgresql/ of the data directory, which is ours',
  },
  'instances/extension.ts': {
    may: ['chmod', 'mkdir'],
    because: 'in share/ of the data directory, which is ours',
  },
  'instances/embedded/offer-extensions.ts': {
    may: ['chmod', 'mkdir'],
    because: 'in share/ of the data directory, which is ours',
  },
  'composition/machine.ts': {
    may: ['chmod', 'mkdir'],
    because: 'the data directory, once nothing on the way to it can be changed by the account',
  },
  'instances/embedded/socket-directory.ts': {
    may: ['rmdir'],
    because: 'removes a name, and only that of an empty directory; the last part of a path is not followed',
  },
  'cli/up-temporarily.ts': {
    may: ['chmod', 'mkdtemp'],
    because: 'a directory with a new name, made by this process',
  },
  'config/on-disk.ts': {
    may: ['open', 'rm'],
    because:
      'tries whether a file can be made where the operator says, under a new name that is removed again',
  },
  'composition/first-access.ts': {
    may: ['rm'],
    because: 'removes a name in the data directory, which is ours',
  },
  'composition/ready-file.ts': {
    may: ['open', 'rename', 'rm'],
    because: 'where the operator says; made under a new name and renamed',
  },
  'keys/master-key.ts': {
    may: ['link', 'open', 'rename', 'rm'],
    because:
      'the master key, where the operator says or in the data directory; made under a new name and renamed',
  },
  'instances/backup/cold-copy.ts': {
    may: ['open'],
    because: 'opens to read, without following a link, what belongs to the account that owns the directory',
  },
  'instances/backup/archive-files.ts': {
    may: ['mkdir', 'open'],
    because: 'in a backup, and in a directory of a restore that nobody else can enter yet',
  },
  'composition/running-record.ts': {
    may: ['mkdir', 'open', 'rename', 'rm'],
    because: 'in running/ of the data directory, which is ours; made under a new name and renamed',
  },
  'composition/operator/recover-access.ts': {
    may: ['open', 'rm'],
    because:
      'a new file where the operator says, never one that is there; removed again when nothing was made',
  },
  'composition/operator/make-backup.ts': {
    may: ['mkdir', 'open', 'rename', 'rm'],
    because: 'where the operator says; made under a new name and renamed',
  },
  'composition/operator/restore-backup.ts': {
    may: ['lchown', 'mkdir', 'rename', 'rm', 'rmdir'],
    because:
      'in a data directory that was empty; what is given to the account was unpacked where it could not enter',
  },
  'inquiry/listener.ts': { may: ['rm'], because: 'removes a name in inquiry/, which is ours' },
  'http/local-login.ts': {
    may: ['chmod', 'rm'],
    because: 'a socket in local-login/, which is ours and in which nobody else can make a name',
  },
  'cli/connect/ca-file.ts': {
    may: ['mkdir', 'rename', 'writeFile'],
    because: 'in the cache of the person who runs the command; made under a new name and renamed',
  },
  'cli/connect/private-file.ts': {
    may: ['rename', 'rm', 'writeFile'],
    because: 'a file in the home of the person who runs the command; made under a new name and renamed',
  },
  'cli/connect/shell/history.ts': {
    may: ['chmod', 'mkdir', 'rename', 'writeFile'],
    because: 'in the home of the person who runs the command; made under a new name and renamed',
  },
  'cli/connect/proxy/socket-directory.ts': {
    may: ['mkdir', 'rm'],
    because: 'removes a name in a directory that only the person who runs the command can enter',
  },
  'cli/connect/proxy/proxy-command.ts': { may: ['rm'], because: 'removes its own socket, as above' },
  'cli/signals.ts': { may: ['openSync'], because: 'opens /dev/tty to read' },
}

/** What it takes of node:fs that can change something; all of it when it takes the module as a whole. */
function changesIn({ path, text }: SourceFile): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext)
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return []
    if (!/^(node:)?fs(\/promises)?$/.test(statement.moduleSpecifier.text)) return []
    const bindings = statement.importClause?.namedBindings
    if (statement.importClause?.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings))
      return ['everything']
    return bindings.elements
      .filter((element) => !element.isTypeOnly)
      .map(({ name, propertyName }) => (propertyName ?? name).text)
      .filter((name) => CHANGES.test(name))
  })
}

const unaccounted = (file: SourceFile): readonly string[] =>
  changesIn(file)
    .filter((name) => PERMITTED[file.path]?.may.includes(name) !== true)
    .map((name) => `${file.path} takes ${name} of node:fs; enter it in file-changes.test.ts with the reason`)

describe('what is changed on the disk', () => {
  it('is changed by nobody but those in the table, and by them only as it says', () => {
    expect(SOURCE_FILES.flatMap(unaccounted)).toEqual([])
  })

  it('is in the table for a reason, and only what is really changed', () => {
    for (const [path, { may, because }] of Object.entries(PERMITTED)) {
      expect(because.length).toBeGreaterThan(10)
      const file = SOURCE_FILES.find((one) => one.path === path)
      expect([path, file === undefined ? [] : [...changesIn(file)].sort()]).toEqual([path, [...may].sort()])
    }
  })

  it('is made under a name of its own before it is renamed into place, since two Lakegates may start at once', () => {
    // Between directories that only one process may have at a time.
    const others = ['instances/embedded/cluster.ts']
    const shared = SOURCE_FILES.filter((file) => changesIn(file).includes('rename'))
      .filter(({ path, text }) => !others.includes(path) && !text.includes('randomUUID()'))
      .map(({ path }) => path)
    expect(shared).toEqual([])
  })

  it('is reported in one sentence, renamed and whole imports too', () => {
    const text = `import { chown as give } from 'node:fs/promises'\nimport * as fs from 'node:fs'\n`
    expect(unaccounted({ path: 'store/notes.ts', room: 'store', text })).toEqual([
      'store/notes.ts takes chown of node:fs; enter it in file-changes.test.ts with the reason',
      'store/notes.ts takes everything of node:fs; enter it in file-changes.test.ts with the reason',
    ])
  })
})
