/** Something is not as configured, and no waiting would mend it: the process ends with code 2. */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotStart';
  }
}
