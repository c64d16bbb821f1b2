/** The keys of the console, as a page with an address of its own. */
import { KeyList } from '../../app/key-list.tsx'
import { ShortcutSwitch } from '../../app/shortcut-switch.tsx'
import { Page, Section } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

export function ShortcutsPage() {
  return (
    <Page title={messages.help.keys.title} section={messages.help.title}>
      <Section>
        <KeyList />
      </Section>
      <ShortcutSwitch />
    </Page>
  )
}
