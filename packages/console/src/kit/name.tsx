/** Names that somebody gave, in lists and lines. */

export interface NameProps {
  readonly name: string
  readonly className?: string | undefined
}

/** In its own direction of writing, and whole in its title, because most places cut it. */
export const Name = ({ name, className }: NameProps) => (
  <bdi className={className} title={name}>
    {name}
  </bdi>
)
