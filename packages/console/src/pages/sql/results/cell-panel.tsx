/** One cell as a whole: JSON indented, binary data with their size, huge texts in pieces. */
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { useMemo, useState } from 'react'
import type { SqlSession } from '../../../data/sql-session.ts'
import { Button } from '../../../kit/button.tsx'
import { CopyTextButton } from '../../../kit/copy.tsx'
import { Drawer } from '../../../kit/dialog.tsx'
import { Notice } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { formatBytes } from '../../../text/format.ts'
import { bytesOfHex, isCut, isJsonType, OID } from '../values/cell-text.ts'
import { indentJson } from '../values/json-tokens.ts'
import styles from './cell-panel.module.css'
import { LARGEST_CELL, useWholeCell, type CellAddress, type WholeCell } from './use-whole-cell.ts'
import { ViewSwitch } from './view-switch.tsx'

export interface CellPanelProps {
  readonly session: SqlSession
  readonly address: CellAddress
  readonly column: SqlColumn
  readonly cell: SqlCell
  readonly onClose: () => void
}

export function CellPanel({ session, address, column, cell, onClose }: CellPanelProps) {
  const whole = useWholeCell(session, address, cell)
  const text = whole.pieces.join('')
  return (
    <Drawer title={messages.sql.cell.title(column.name)} isOpen onClose={onClose}>
      <p className={styles['facts']}>
        <code>{messages.sql.cell.type(column.type)}</code>
        {column.type_oid === OID.bytea && cell !== null && (
          <span>{messages.sql.cell.bytes(formatBytes(bytesOfHex(cell) ?? 0))}</span>
        )}
        {cell !== null && (
          <CopyTextButton what={messages.sql.cell.copy} text={text}>
            {messages.sql.results.copy}
          </CopyTextButton>
        )}
      </p>
      {isCut(cell) && <Pieces cell={cell} whole={whole} />}
      {cell === null && <p>{messages.sql.cell.nullValue}</p>}
      {cell === '' && <p>{messages.sql.cell.emptyValue}</p>}
      {cell !== null && cell !== '' && (
        <CellText text={text} pieces={whole.pieces} isJson={isJsonType(column.type_oid) && whole.isWhole} />
      )}
    </Drawer>
  )
}

type Cut = Extract<SqlCell, { readonly beginning: string }>

function Pieces({ cell, whole }: { readonly cell: Cut; readonly whole: WholeCell }) {
  const loaded = new Blob([...whole.pieces]).size
  if (cell.kept_bytes === 0 || (whole.isGone && !whole.isWhole))
    return (
      <Notice tone="warn">
        {cell.bytes > LARGEST_CELL ? messages.sql.cell.tooLarge : messages.sql.cell.gone}
      </Notice>
    )
  return (
    <div className={styles['facts']}>
      <span>{messages.sql.cell.loaded(formatBytes(loaded), formatBytes(cell.bytes))}</span>
      {!whole.isWhole && loaded < LARGEST_CELL && (
        <Button isBusy={whole.isLoading} onPress={() => void whole.load()}>
          {messages.sql.cell.load}
        </Button>
      )}
      {(whole.isWhole ? cell.kept_bytes < cell.bytes : loaded >= LARGEST_CELL) && (
        <span>{messages.sql.cell.tooLarge}</span>
      )}
    </div>
  )
}

interface CellTextProps {
  readonly text: string
  readonly pieces: readonly string[]
  readonly isJson: boolean
}

/** In a longer text, one element per token would be noticeably slow. */
const LARGEST_INDENTED = 500_000

function CellText({ text, pieces, isJson }: CellTextProps) {
  const [view, setView] = useState<'indented' | 'asSent'>('indented')
  const tokens = useMemo(
    () => (isJson && text.length <= LARGEST_INDENTED ? indentJson(text) : undefined),
    [isJson, text],
  )
  return (
    <>
      {tokens !== undefined && (
        <ViewSwitch
          label={messages.sql.cell.view}
          value={view}
          onChange={setView}
          views={{ indented: messages.sql.cell.indented, asSent: messages.sql.cell.asSent }}
        />
      )}
      <div
        className={styles['text']}
        tabIndex={0}
        role="group"
        aria-label={messages.sql.cell.view}
        data-cell-text
      >
        {tokens !== undefined && view === 'indented' ? (
          <pre>
            {tokens.map((token, index) => (
              <span key={index} className={styles[token.kind]}>
                {token.text}
              </span>
            ))}
          </pre>
        ) : (
          // A piece outside the visible area is not rendered (content-visibility).
          pieces.map((piece, index) => <pre key={index}>{piece}</pre>)
        )}
      </div>
    </>
  )
}
