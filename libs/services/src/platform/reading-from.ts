import type { Log } from '@tocsin/core';

/** A log whose one topic lies on another cluster: read there, committed there, while everything is written here. */
export const readingFrom = (input: Log, topic: string, output: Log): Log => {
  const of = (name: string): Log => (name === topic ? input : output);
  return {
    append: (records) => output.append(records),
    read: (name, ...rest) => of(name).read(name, ...rest),
    bounds: (name, partition) => of(name).bounds(name, partition),
    offsetAt: (name, partition, at) => of(name).offsetAt(name, partition, at),
    facts: (name) => of(name).facts(name),
    createTopics: (specs) => output.createTopics(specs),
    subscribe: (options, subscriber) => of(options.topic).subscribe(options, subscriber),
    committed: (group, name) => of(name).committed(group, name),
    ping: () => Promise.all([input.ping(), output.ping()]).then(() => {}),
    close: () => input.close(),
  };
};
