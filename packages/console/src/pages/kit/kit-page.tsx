/** Every part of the kit in every state: axe, contrast and width are checked here, and engineers look here first. */
import { Page, Section, TabLinks } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'
import { KitButtons } from './kit-buttons.tsx'
import { KitData } from './kit-data.tsx'
import { KitFields } from './kit-fields.tsx'
import { KitLayers } from './kit-layers.tsx'
import { KitStates } from './kit-states.tsx'

const texts = messages.kitPage

export function KitPage() {
  return (
    <Page title={texts.title}>
      <p>{texts.text}</p>
      <TabLinks
        label={texts.tabs}
        tabs={[
          { to: '/kit', label: texts.first },
          { to: '/settings/profile', label: texts.second },
        ]}
      />
      <Section title={texts.buttons}>
        <KitButtons />
      </Section>
      <Section title={texts.fields}>
        <KitFields />
      </Section>
      <Section title={texts.layers}>
        <KitLayers />
      </Section>
      <Section title={texts.data}>
        <KitData />
      </Section>
      <Section title={texts.states}>
        <KitStates />
      </Section>
    </Page>
  )
}
