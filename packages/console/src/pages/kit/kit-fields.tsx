/** Fields for typing and choosing: empty, filled, invalid, disabled. */
import { useState } from 'react'
import { Checkbox, RadioGroup, Select, Switch, type Option } from '../../kit/choice.tsx'
import { ComboBox } from '../../kit/combo-box.tsx'
import { SearchField, TextField } from '../../kit/field.tsx'
import { NumberField } from '../../kit/number-field.tsx'
import { Form } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.kitPage

type Size = 'small' | 'medium' | 'large'

const SIZES: readonly Option<Size>[] = [
  { value: 'small', label: texts.small1 },
  { value: 'medium', label: texts.medium, description: texts.mediumHint },
  { value: 'large', label: texts.large, isDisabled: true },
]
const PEOPLE: readonly Option[] = [
  { value: 'ada', label: 'ada@example.com' },
  { value: 'long', label: `${'eve'.repeat(80)}@example.com` },
  { value: 'rtl', label: 'مثال@example.com' },
]

export function KitFields() {
  const [size, setSize] = useState<Size>('medium')
  const [person, setPerson] = useState('')
  const [isOn, setOn] = useState(true)
  return (
    <Form label={texts.fields} onSubmit={() => undefined}>
      <TextField label={texts.name} hint={texts.nameHint} placeholder={texts.example} />
      <TextField label={texts.name} defaultValue="dev" problem={texts.nameProblem} />
      <TextField label={texts.name} defaultValue="dev" isDisabled isOptional />
      <TextField label={texts.statement} defaultValue="SELECT 1" isMono isMultiline />
      <NumberField label={texts.days} defaultValue={730} />
      <SearchField label={texts.search} defaultValue="dev" />
      <Select label={texts.capacity} options={SIZES} value={size} onChange={setSize} />
      <Select
        label={texts.capacity}
        options={SIZES}
        value={undefined}
        onChange={setSize}
        placeholder={texts.choose}
        problem={texts.nameProblem}
      />
      <ComboBox
        label={texts.principal}
        options={PEOPLE.filter(({ label }) => label.includes(person))}
        text={person}
        onTextChange={setPerson}
        onChoose={(value) => setPerson(PEOPLE.find((one) => one.value === value)?.label ?? '')}
      />
      <RadioGroup label={texts.capacity} options={SIZES} value={size} onChange={setSize} asCards />
      <RadioGroup label={texts.capacity} options={SIZES} value={size} onChange={setSize} />
      <Checkbox isSelected={isOn} onChange={setOn} hint={texts.nativeHint}>
        {texts.nativeLogin}
      </Checkbox>
      <Checkbox isIndeterminate>{texts.all}</Checkbox>
      <Checkbox isDisabled>{texts.all}</Checkbox>
      <Checkbox problem={texts.nameProblem}>{texts.all}</Checkbox>
      <Switch isSelected={isOn} onChange={setOn} hint={texts.nativeHint}>
        {texts.nativeLogin}
      </Switch>
      <Switch isDisabled>{texts.nativeLogin}</Switch>
    </Form>
  )
}
