/** Buttons above a phone's keyboard for characters that it hides (design 7.2). */
import { Button } from 'react-aria-components'
import { messages } from '../../../messages/index.ts'
import styles from './workbench.module.css'

const CHARACTERS = ['(', ')', "'", ';', '*'] as const

export function PhoneKeys({ onInsert }: { readonly onInsert: (text: string) => void }) {
  return (
    <div className={styles['keys']} role="toolbar" aria-label={messages.sql.editor.keys}>
      <Button preventFocusOnPress onPress={() => onInsert('  ')}>
        {messages.sql.editor.keyTab}
      </Button>
      {CHARACTERS.map((character) => (
        <Button key={character} preventFocusOnPress onPress={() => onInsert(character)}>
          {character}
        </Button>
      ))}
    </div>
  )
}
