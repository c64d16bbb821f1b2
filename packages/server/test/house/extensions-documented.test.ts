/** docs/extensions.md and policy/extensions.ts say the same. */
import { describe, it } from 'vitest'
import { DANGEROUS_EXTENSIONS, DEFAULT_EXTENSIONS } from '../../src/policy/extensions.ts'
import { expectRendered, renderTable } from './documented.ts'

const DOCUMENT = 'docs/extensions.md'

describe('docs/extensions.md', () => {
  it('shows every extension of the default list', () => {
    expectRendered(
      DOCUMENT,
      'extensions',
      renderTable(
        ['Name', 'What it is', 'Comes with npm', 'What to know'],
        DEFAULT_EXTENSIONS.map(({ name, what, inPackage, remark }) => [
          `\`${name}\``,
          what,
          inPackage ? 'yes' : 'no',
          remark ?? '',
        ]),
      ),
    )
  })

  it('shows every extension that no list allows', () => {
    expectRendered(
      DOCUMENT,
      'dangerous extensions',
      renderTable(
        ['Name', 'Why'],
        Object.entries(DANGEROUS_EXTENSIONS).map(([name, reason]) => [`\`${name}\``, reason]),
      ),
    )
  })
})
