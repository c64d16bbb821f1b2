/** The command palette (⌘K): jumps to a page, an instance, a person, or to where an action is done. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
} from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { usePaletteGroups, type PaletteEntry } from './palette-entries.ts'
import styles from './palette.module.css'

const texts = messages.app.palette
const KEYS = 'keys'

export interface PaletteProps {
  readonly onClose: () => void
  readonly onKeys: () => void
}

export function Palette({ onClose, onKeys }: PaletteProps) {
  return (
    <ModalOverlay
      className={styles['scrim'] ?? ''}
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Modal className={styles['palette'] ?? ''}>
        <Dialog aria-label={texts.title} className={styles['dialog'] ?? ''}>
          <Search onClose={onClose} onKeys={onKeys} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Search({ onClose, onKeys }: PaletteProps) {
  const [text, setText] = useState('')
  const navigate = useNavigate()
  const groups = usePaletteGroups(text)
  const go = ({ target }: PaletteEntry) => {
    onClose()
    void navigate(target)
  }
  const showsKeys = messages.app.keys.title.toLowerCase().includes(text.trim().toLowerCase())
  return (
    <Autocomplete inputValue={text} onInputChange={setText}>
      <SearchField aria-label={texts.label} autoFocus className={styles['field'] ?? ''}>
        <Input className={styles['input'] ?? ''} placeholder={texts.label} />
      </SearchField>
      <Menu
        aria-label={texts.title}
        className={styles['list'] ?? ''}
        renderEmptyState={() => <p className={styles['nothing']}>{texts.nothing}</p>}
      >
        {groups.map(({ title, entries }) => (
          <MenuSection key={title} id={title}>
            <Header className={styles['title'] ?? ''}>{title}</Header>
            {entries.map((entry) => (
              <MenuItem
                key={entry.id}
                id={entry.id}
                textValue={entry.label}
                className={styles['item'] ?? ''}
                onAction={() => go(entry)}
              >
                <bdi>{entry.label}</bdi>
              </MenuItem>
            ))}
          </MenuSection>
        ))}
        {showsKeys && (
          <MenuItem
            id={KEYS}
            textValue={texts.showShortcuts}
            className={styles['item'] ?? ''}
            onAction={onKeys}
          >
            {texts.showShortcuts}
          </MenuItem>
        )}
      </Menu>
    </Autocomplete>
  )
}
