/** Below a grid: the number of rows, a button for more, and downloads. */
import { IconCopy, IconDownload } from '@tabler/icons-react'
import type { SqlResult } from '../../../data/sql-state.ts'
import { Button } from '../../../kit/button.tsx'
import { showFlag } from '../../../kit/flags.tsx'
import { Menu } from '../../../kit/menu.tsx'
import { messages } from '../../../messages/index.ts'
import { formatNumber } from '../../../text/format.ts'
import { countCutCells, FILE_KINDS, type FileKind } from '../values/result-files.ts'
import styles from './results.module.css'

export interface ResultFootProps {
  readonly result: SqlResult
  readonly timeZone: string | undefined
  readonly rowLimit: number
  /** The session that had the remaining rows has ended. */
  readonly isMoreGone: boolean
  /** Undefined while more rows cannot be requested. */
  readonly onLoadMore: ((rows: number) => void) | undefined
}

const KINDS: readonly FileKind[] = ['csv', 'json', 'markdown']

export function ResultFoot({ result, timeZone, rowLimit, isMoreGone, onLoadMore }: ResultFootProps) {
  const { rowCount, more, columns = [], rows } = result
  const loaded = { columns, rows }
  const tellCut = () => {
    const cut = countCutCells(loaded)
    if (cut > 0) showFlag({ text: messages.sql.results.cut(cut) })
  }
  const copy = async (kind: FileKind) => {
    try {
      await navigator.clipboard.writeText(FILE_KINDS[kind].write(loaded))
      showFlag({ text: messages.sql.results.copied(rowCount, messages.sql.results.kinds[kind]) })
      tellCut()
    } catch {
      showFlag({ text: messages.kit.copyByHand })
    }
  }
  const download = (kind: FileKind) => {
    const { write, type, ending } = FILE_KINDS[kind]
    saveFile(
      new Blob([write(loaded)], { type: `${type};charset=utf-8` }),
      `result-${String(result.statement)}.${ending}`,
    )
    tellCut()
  }
  const actions = (act: (kind: FileKind) => void) =>
    KINDS.map((kind) => ({
      id: kind,
      label: messages.sql.results.kinds[kind],
      onAction: () => act(kind),
    }))
  return (
    <div className={styles['foot']}>
      <span className={styles['count']} role="status">
        {more
          ? isMoreGone
            ? messages.sql.results.moreGone(rowCount)
            : messages.sql.results.shownMore(rowCount)
          : messages.sql.results.shownAll(rowCount)}
      </span>
      {more && onLoadMore !== undefined && (
        <Button isSmall onPress={() => onLoadMore(rowLimit)}>
          {messages.sql.results.loadMore(rowLimit)}
        </Button>
      )}
      <span className={styles['facts']}>
        {result.milliseconds !== undefined &&
          messages.sql.results.milliseconds(formatNumber(Math.round(result.milliseconds)))}
        {timeZone !== undefined && <span title={messages.sql.results.timeZone(timeZone)}>{timeZone}</span>}
      </span>
      {rowCount > 0 && (
        <span className={styles['take']}>
          <Menu
            label={messages.sql.results.copyAs(rowCount)}
            trigger={
              <Button
                isSmall
                aria-label={messages.sql.results.copyAs(rowCount)}
                icon={<IconCopy size={16} aria-hidden />}
              >
                {messages.sql.results.copy}
              </Button>
            }
            actions={actions((kind) => void copy(kind))}
          />
          <Menu
            label={messages.sql.results.downloadAs(rowCount)}
            trigger={
              <Button
                isSmall
                aria-label={messages.sql.results.downloadAs(rowCount)}
                icon={<IconDownload size={16} aria-hidden />}
              >
                {messages.sql.results.download}
              </Button>
            }
            actions={actions(download)}
          />
        </span>
      )}
    </div>
  )
}

function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // By then the browser has read the URL.
  setTimeout(() => URL.revokeObjectURL(url), 0)
}
