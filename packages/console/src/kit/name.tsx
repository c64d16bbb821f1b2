/** User-chosen names in lists and lines. */

export interface NameProps {
  readonly name: string
  readonly className?: string | undefined
}

/** In its own writing direction, and complete in its title, because most places truncate it. */
export const Name = ({ name, className }: NameProps) => (
  <bdi className={className} title={name}>
    {name}
  </bdi>
)
