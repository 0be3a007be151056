// Package outbox hands what was made of a study to the clinic's archives, folders and record
// systems, however long they are away. In: the folder of a delivered result and the names of
// destinations. Out: each file at each destination once, and a durable word on how far that
// is. A destination that has acknowledged a file is never sent it again; one that has not is
// asked again for days, over restarts. It restores, reads and judges nothing: files travel as
// they lie, by carriers that their makers bring; nothing of a patient gets into its logs.
package outbox
