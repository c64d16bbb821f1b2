/** The list of keys and what each does. */
import { Fragment } from 'react'
import { messages } from '../messages/index.ts'
import styles from './shell.module.css'
import { IS_APPLE } from './use-keys.ts'

const texts = messages.app.keys

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [[IS_APPLE ? '⌘' : 'Ctrl', 'K'], texts.palette],
  [['g', 'i'], texts.goInstances],
  [['g', 's'], texts.goSql],
  [['g', 'a'], texts.goAudit],
  [['g', 'u'], texts.goUsers],
  [['/'], texts.filter],
  [['n'], texts.make],
  [['['], texts.fold],
  [['?'], texts.help],
  [['F8'], texts.flags],
]

export function KeyList() {
  return (
    <dl className={styles['keys']}>
      {KEYS.map(([keys, what]) => (
        <Fragment key={what}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
