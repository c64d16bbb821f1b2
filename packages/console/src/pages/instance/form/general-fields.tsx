/** The fields of a PostgreSQL of Lakegate's own, other than its name. */
import { RadioGroup } from '../../../kit/choice.tsx'
import { TextField } from '../../../kit/field.tsx'
import type { FormState } from '../../../kit/use-form.ts'
import { messages } from '../../../messages/index.ts'
import { capacityUnits } from '../../compute/instance-filter.ts'
import { CAPACITIES, type FormValues } from './form-values.ts'

const texts = messages.instance.form
/** shared_buffers per capacity unit (instances/embedded of the server). */
const MEGABYTES_OF_UNIT = 64

export function GeneralFields({ form }: { readonly form: FormState<FormValues> }) {
  return (
    <>
      {form.values.kind === 'new' && (
        <RadioGroup
          label={texts.capacity}
          hint={texts.capacityHint}
          asCards
          value={form.values.capacity}
          options={CAPACITIES.map((value) => ({
            value,
            label: texts.capacityUnits(capacityUnits(value)),
            description: texts.sharedBuffers(MEGABYTES_OF_UNIT * Number(capacityUnits(value))),
          }))}
          onChange={(capacity) => form.set('capacity', capacity)}
          problem={form.problemOf('capacity')}
        />
      )}
      <TextField
        label={texts.usagePolicy}
        hint={texts.usagePolicyHint}
        isOptional
        value={form.values.usage_policy_id}
        onChange={(value) => form.set('usage_policy_id', value)}
        problem={form.problemOf('usage_policy_id')}
      />
    </>
  )
}
