import { HttpException, HttpStatus, Param } from '@nestjs/common';
import { isIdentifier } from '@tocsin/core';

/** How the ids begin that we make ourselves where one is not known: nobody gives them from outside. */
const reserved = { customerId: 'account/', accountId: 'customer/' } as const;

/** An id of the bank's in the path. */
export const IdParam = (name: keyof typeof reserved): ParameterDecorator =>
  Param(name, {
    transform: (value: string) => {
      if (!isIdentifier(value)) throw new HttpException(`${name}: not an id.`, HttpStatus.BAD_REQUEST);
      if (value.startsWith(reserved[name])) {
        throw new HttpException(`${name}: ids that begin with ${reserved[name]} are ours.`, HttpStatus.BAD_REQUEST);
      }
      return value;
    },
  });
