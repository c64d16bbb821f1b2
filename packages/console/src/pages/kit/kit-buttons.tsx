/** Buttons in every kind and state. */
import { IconPlus } from '@tabler/icons-react'
import { Button, IconButton, LinkButton, type ButtonKind } from '../../kit/button.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.kitPage

const KINDS: readonly (readonly [ButtonKind, string])[] = [
  ['primary', texts.primary],
  ['secondary', texts.secondary],
  ['quiet', texts.quiet],
  ['danger', texts.danger],
]

export function KitButtons() {
  return (
    <>
      <Toolbar>
        {KINDS.map(([kind, words]) => (
          <Button key={kind} kind={kind}>
            {words}
          </Button>
        ))}
      </Toolbar>
      <Toolbar>
        {KINDS.map(([kind]) => (
          <Button key={kind} kind={kind} isDisabled>
            {texts.disabled}
          </Button>
        ))}
        {KINDS.map(([kind]) => (
          <Button key={kind} kind={kind} isBusy>
            {texts.busy}
          </Button>
        ))}
      </Toolbar>
      <Toolbar>
        <Button isSmall>{texts.small}</Button>
        <Button icon={<IconPlus size={16} aria-hidden />}>{texts.withIcon}</Button>
        <LinkButton to="/kit" kind="primary">
          {texts.primary}
        </LinkButton>
        <IconButton label={texts.withIcon} icon={<IconPlus size={20} aria-hidden />} />
      </Toolbar>
    </>
  )
}
