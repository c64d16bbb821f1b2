export interface NameProps {
  readonly name: string
  readonly className?: string | undefined
}

/** A name as somebody gave it: in its own direction of writing, and whole in its title, because most places cut it. */
export const Name = ({ name, className }: NameProps) => (
  <bdi className={className} title={name}>
    {name}
  </bdi>
)
