package inbox

import (
	"net/netip"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// Way is how an instance came.
type Way string

// The ways into the inbox.
const (
	WayDIMSE  Way = "dimse"  // C-STORE
	WaySTOW   Way = "stow"   // STOW-RS
	WayFolder Way = "folder" // the watched folder
	WaySubmit Way = "submit" // a person's command
	WayFetch  Way = "fetch"  // asked of an archive: C-MOVE or WADO-RS
)

// Origin says where an instance came from. A field that the way has no use for is zero.
type Origin struct {
	Way         Way             `json:"way"`
	CallingAE   string          `json:"calling_ae,omitempty"` // application entity title of the sender
	CalledAE    string          `json:"called_ae,omitempty"`
	Address     netip.Addr      `json:"address,omitzero"`
	Association uint64          `json:"-"` // of this process's life; see Inbox.AssociationEnded. 0: none
	Priority    scheduler.Class `json:"priority,omitempty"`
}

// Instance is what the sender says of the object that it sends, before its bytes are seen.
type Instance struct {
	SOPClassUID    string // empty: whatever the data set says
	SOPInstanceUID string // empty: whatever the data set says
	// TransferSyntaxUID of a bare data set, as C-STORE carries it. Empty: the data is a
	// whole Part 10 file (PS3.10 section 7).
	TransferSyntaxUID string
}

// Kept says what became of an instance that Receive took.
type Kept struct {
	StudyUID       string // not for logs
	SOPClassUID    string
	SOPInstanceUID string // not for logs
	Key            string // the study's name for logs
	Revision       int
	Bytes          int64 // of the file that was kept
	Duplicate      bool  // the instance lay there already; nothing was stored a second time
	Ours           bool  // it is a result of this clinic's door that came back; nothing was stored
	Late           bool  // it belongs to a study that was complete before
}

// Completion is why a study counts as complete.
type Completion string

// The reasons for which a study counts as complete.
const (
	Quiet     Completion = "quiet"     // nothing came for Config.Quiet
	Counted   Completion = "counted"   // as many instances came as were expected
	HungUp    Completion = "hung-up"   // every association that brought instances has ended, and Config.Quiet/3 passed
	WaitedFor Completion = "too-long"  // Config.LongestWait passed since the first instance
	AllAtOnce Completion = "all-given" // whoever brought it said that this is all; see Inbox.Finish
)

// Study is one study as it was complete, to be routed and analysed. All of it but Key,
// Revision and the counts may say who the patient is.
type Study struct {
	Key      string `json:"key"` // 12 hex digits, an HMAC of the Study Instance UID: its name for logs
	StudyUID string `json:"study"`
	// Revision is 0 for what came first. Slices that came late make the next one, which
	// holds the earlier ones too.
	Revision int `json:"revision"`
	// Folder holds the instances as Part 10 files and nothing else. Nobody writes to it any
	// more; it stays until Inbox.Remove.
	Folder string   `json:"-"`
	Origin Origin   `json:"origin"` // of the first instance of this revision
	Facts  Facts    `json:"facts"`
	Series []Series `json:"series"`

	Instances  int `json:"instances"`
	Expected   int `json:"expected,omitempty"`   // instances that somebody announced; 0: nobody did
	Duplicates int `json:"duplicates,omitempty"` // came again, the same, and were not stored
	Conflicts  int `json:"conflicts,omitempty"`  // came again with other content, and were refused
	Late       int `json:"late,omitempty"`       // of Instances, came after an earlier revision was complete

	// Hold says that a conflict was found and the configuration wants a person to decide.
	Hold bool `json:"hold,omitempty"`
	// NoteOnly says that what came late is to be noted, not analysed: the configuration wants
	// it so, or none of it is an image.
	NoteOnly bool `json:"note_only,omitempty"`

	Bytes     int64      `json:"bytes"`
	First     time.Time  `json:"first"` // when its first instance came
	Last      time.Time  `json:"last"`  // when the last one of this revision came
	Completed Completion `json:"completed"`
}

// Series is one series of a study.
type Series struct {
	SeriesUID   string   `json:"series"`
	Modality    string   `json:"modality,omitempty"`
	BodyPart    string   `json:"body_part,omitempty"`
	Description string   `json:"description,omitempty"`
	SOPClasses  []string `json:"classes,omitempty"` // UIDs, in order, each once
	Instances   int      `json:"instances"`
	Rows        int      `json:"rows,omitempty"` // of its first image, pixels
	Columns     int      `json:"columns,omitempty"`
}

// Facts are what routing and the clinic's own screens need of a study, in UTF-8, as its
// first instance has them; an empty text is not there. They name the patient: not for logs.
type Facts struct {
	PatientName        string `json:"patient_name,omitempty"` // (0010,0010)
	PatientID          string `json:"patient_id,omitempty"`   // (0010,0020)
	Issuer             string `json:"issuer,omitempty"`       // (0010,0021)
	BirthDate          string `json:"birth_date,omitempty"`   // (0010,0030), YYYYMMDD
	Sex                string `json:"sex,omitempty"`          // (0010,0040)
	Age                string `json:"age,omitempty"`          // (0010,1010), such as 042Y
	AccessionNumber    string `json:"accession,omitempty"`    // (0008,0050)
	StudyDate          string `json:"study_date,omitempty"`   // (0008,0020), YYYYMMDD
	StudyTime          string `json:"study_time,omitempty"`   // (0008,0030)
	StudyID            string `json:"study_id,omitempty"`     // (0020,0010)
	StudyDescription   string `json:"study_description,omitempty"`
	Manufacturer       string `json:"manufacturer,omitempty"`       // (0008,0070)
	ManufacturerModel  string `json:"manufacturer_model,omitempty"` // (0008,1090)
	Station            string `json:"station,omitempty"`            // (0008,1010)
	Institution        string `json:"institution,omitempty"`        // (0008,0080)
	ReferringPhysician string `json:"referring,omitempty"`          // (0008,0090)
	RequestingService  string `json:"requesting,omitempty"`         // (0032,1033)
	RequestedPriority  string `json:"requested_priority,omitempty"` // (0040,1003): STAT, HIGH, ROUTINE, MEDIUM or LOW
	BurnedIn           string `json:"burned_in,omitempty"`          // (0028,0301)
	// Priority is the highest that the instances were sent with.
	Priority scheduler.Class `json:"priority,omitempty"`
}

// Progress is a study that is still coming in.
type Progress struct {
	Key       string
	StudyUID  string
	Revision  int
	Facts     Facts
	Origin    Origin
	Instances int
	Expected  int
	Bytes     int64
	First     time.Time
	Last      time.Time
}
