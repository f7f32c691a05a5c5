package protowire

// The numbers of the fields, by the message that they are in, as in
// github.com/google/pprof/proto/profile.proto.
const (
	ProfileSampleType        = 1
	ProfileSample            = 2
	ProfileMapping           = 3
	ProfileLocation          = 4
	ProfileFunction          = 5
	ProfileString            = 6
	ProfileDropFrames        = 7
	ProfileKeepFrames        = 8
	ProfileTime              = 9
	ProfileDuration          = 10
	ProfilePeriodType        = 11
	ProfilePeriod            = 12
	ProfileComment           = 13
	ProfileDefaultSampleType = 14
	ProfileDocURL            = 15

	ValueTypeType = 1
	ValueTypeUnit = 2

	SampleLocation = 1
	SampleValue    = 2
	SampleLabel    = 3

	LabelKey    = 1
	LabelString = 2
	LabelNumber = 3
	LabelUnit   = 4

	MappingID              = 1
	MappingStart           = 2
	MappingLimit           = 3
	MappingOffset          = 4
	MappingFile            = 5
	MappingBuildID         = 6
	MappingHasFunctions    = 7
	MappingHasFilenames    = 8
	MappingHasLineNumbers  = 9
	MappingHasInlineFrames = 10

	LocationID       = 1
	LocationMapping  = 2
	LocationAddress  = 3
	LocationLine     = 4
	LocationIsFolded = 5

	LineFunction = 1
	LineNumber   = 2
	LineColumn   = 3

	FunctionID         = 1
	FunctionName       = 2
	FunctionSystemName = 3
	FunctionFile       = 4
	FunctionStartLine  = 5
)
